"""dbt as a library: one `dbt build` per layer, the parsed project kept for the whole process.

Nothing that changes from night to night enters dbt's own configuration (the as-of date stands in `control.night`), so a
parsed project stays valid: parsing takes seconds, a layer's models tenths of one.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.connection import dbt_environment

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

DBT_PROJECT = PROJECT / "dbt_project"
LAYERS = ("staging", "intermediate", "indicators", "scores", "slices", "challenger", "churn", "tiers", "published")
DBT_SCHEMAS = ("rules", *LAYERS[:-1], "candidates")
TELEMETRY_OFF = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


class DbtFailed(Exception):
    """Models or data tests of a layer failed; the message names each with the database's own words."""


def _arguments(settings: Settings) -> list[str]:
    work = settings.home / "dbt"
    return [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(work / "target"), "--log-path", str(work / "logs"),
    ]  # fmt: skip


def _invoke(settings: Settings, command: list[str], manifest: Manifest | None) -> Any:
    # Importing dbt takes seconds: a process that runs no model does not pay for it.
    from dbt.cli.main import dbtRunner

    os.environ.update(dbt_environment(settings) | TELEMETRY_OFF)
    quiet = ["--quiet", "--no-use-colors", "--log-level-file", "info"]
    result = dbtRunner(manifest=manifest).invoke([*quiet, *command, *_arguments(settings)])
    if result.exception is not None:
        raise DbtFailed(f"dbt {command[0]}: {result.exception}") from result.exception
    return result


@lru_cache(maxsize=1)
def _parsed(settings_text: str) -> Manifest:
    return _invoke(Settings.model_validate_json(settings_text), ["parse"], None).result


def project_manifest(settings: Settings) -> Manifest:
    """The parsed dbt project; parsed once a process."""
    return _parsed(settings.model_dump_json())


def stop_leftovers(engine: sa.Engine) -> int:
    """End statements that a killed dbt left running in the server; the number of sessions ended."""
    with engine.begin() as connection:
        ended = connection.execute(
            sa.text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'dbt' and datname = current_database() and usename = current_user"
            )
        ).all()
    return len(ended)


def build_layer(settings: Settings, layer: str) -> dict[str, float]:
    """Build one layer's models and run its data tests.

    Returns:
        Seconds per model, by name.

    Raises:
        DbtFailed: a model or a data test failed.
    """
    if layer not in LAYERS:
        raise ValueError(f"unknown layer {layer!r}; known: {', '.join(LAYERS)}")
    selection = [f"path:models/{layer}"]
    if layer == LAYERS[0]:
        selection.append("resource_type:seed")
    command = [
        "build",
        "--select",
        *selection,
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "cautious",
    ]
    result = _invoke(settings, command, project_manifest(settings))
    faults = [
        f"{item.node.name}: {item.message}" for item in result.result.results if str(item.status) in ("error", "fail")
    ]
    if faults or not result.success:
        raise DbtFailed(f"layer {layer}: " + "; ".join(faults or ["dbt reported a failure"]))
    seconds = {item.node.name: item.execution_time for item in result.result.results}
    log.info("dbt layer %s: %d nodes in %.1f s", layer, len(seconds), sum(seconds.values()))
    return seconds
