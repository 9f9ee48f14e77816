"""The night's tasks: each is one call of a step of the pipeline, which does the work and keeps the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from mail_carrier import open_client
from night_defaults import EXTRACTION_RETRIES, as_of_date, no_retry_on_lasting_faults

from pipelines.night import steps
from pipelines.night.steps import Night


@task
def open_night() -> dict[str, Any]:
    context: dict[str, Any] = dict(get_current_context())
    night = steps.open_night(context["run_id"], as_of_date(context), context["params"].get("sources"))
    return night.to_json()


@task
def list_sources(night: dict[str, Any]) -> list[str]:
    return list(Night.from_json(night).sources)


@task(**EXTRACTION_RETRIES)
@no_retry_on_lasting_faults
def extract_source(night: dict[str, Any], source: str) -> None:
    steps.extract_source(Night.from_json(night), source)


@task
def check_rejections(night: dict[str, Any]) -> None:
    steps.check_rejections(Night.from_json(night))


@task
def validate_landing(night: dict[str, Any]) -> None:
    steps.validate_landing(Night.from_json(night))


@task
def build_layer(night: dict[str, Any], layer: str) -> None:
    steps.build_layer(Night.from_json(night), layer)


@task
def ensure_calibration(night: dict[str, Any]) -> None:
    steps.ensure_calibration(Night.from_json(night))


@task
def score_churn_model(night: dict[str, Any]) -> None:
    steps.score_churn_model(Night.from_json(night))


@task
def measure_tier_support(night: dict[str, Any]) -> None:
    steps.measure_tier_support(Night.from_json(night))


@task
def validate_candidates(night: dict[str, Any]) -> None:
    steps.validate_candidates(Night.from_json(night))


@task
def publish_tiers(night: dict[str, Any]) -> None:
    steps.publish_tiers(Night.from_json(night))


@task(execution_timeout=timedelta(minutes=20))
def send_alerts(night: dict[str, Any]) -> None:
    steps.send_alerts(Night.from_json(night), open_client)


@task(trigger_rule="all_done")
def close_night() -> None:
    steps.close_night(dict(get_current_context())["run_id"], open_client)
