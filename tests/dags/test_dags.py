"""What the DAG files promise: one order, retries only where they help, dates from the data interval."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipelines.night import steps
from pipelines.settings import PROJECT, Settings
from tests.dags.conftest import describe_dag

ORDER = [
    "open_night", "list_sources", "extract_source", "check_rejections", "validate_landing", "build_staging",
    "build_intermediate", "build_indicators", "ensure_calibration", "build_scores", "build_slices",
    "score_churn_model", "build_churn", "build_tiers", "measure_tier_support", "build_candidates",
    "validate_candidates", "publish_tiers", "send_alerts", "close_night",
]  # fmt: skip


def test_the_night_runs_its_steps_in_the_order_of_the_data(nightly):
    assert nightly["order"] == ORDER
    for before, after in zip(ORDER, ORDER[1:], strict=False):
        assert before in nightly["tasks"][after]["upstream"]


def test_a_replay_takes_the_same_steps_in_the_same_order(monkeypatch):
    taken: list[str] = []
    night = steps.Night("r", date(2026, 6, 30), ("a",))

    def record(name, result=None):
        def call(*arguments, **options):
            taken.append(
                f"build_{'candidates' if arguments[1] == 'published' else arguments[1]}"
                if name == "build_layer"
                else name
            )
            return result

        monkeypatch.setattr(steps, name, call)

    record("open_night", night)
    for name in ("extract_source", "check_rejections", "validate_landing", "build_layer", "ensure_calibration",
                 "score_churn_model", "measure_tier_support", "validate_candidates", "publish_tiers",
                 "send_alerts"):  # fmt: skip
        record(name)
    monkeypatch.setattr(steps, "warehouse_engine", lambda settings: None)
    monkeypatch.setattr(steps, "settle_run", lambda run_id, open_client: taken.append("close_night"))
    steps.run_night("r", date(2026, 6, 30))
    assert taken == [name for name in ORDER if name != "list_sources"]


def test_only_extraction_is_retried_and_with_back_off(nightly):
    retried = {name: task for name, task in nightly["tasks"].items() if task["retries"]}
    assert list(retried) == ["extract_source"]
    assert retried["extract_source"]["retries"] >= 2
    assert retried["extract_source"]["backoff"]
    assert retried["extract_source"]["mapped"]


DAGS = (
    "customer_value_nightly", "customer_value_replay", "customer_value_churn_training", "customer_value_calibration",
)  # fmt: skip


@pytest.mark.parametrize("name", DAGS)
def test_every_dag_has_a_runbook_an_owner_and_time_outs(name, nightly, replay, airflow_home):
    known = {"customer_value_nightly": nightly, "customer_value_replay": replay}
    dag = known[name] if name in known else describe_dag(name, airflow_home)
    assert "**Safe to run again.**" in dag["doc"]
    assert all(task["timeout"] and task["owner"] == "customer-value" for task in dag["tasks"].values())
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == 1


def test_no_dag_file_is_longer_than_a_page_and_a_half():
    lengths = {file.name: len(file.read_text("utf-8").splitlines()) for file in (PROJECT / "dags").glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 120} == {}


def test_a_calibration_is_proposed_and_compared_by_hand_and_activated_only_when_asked(airflow_home):
    dag = describe_dag("customer_value_calibration", airflow_home)
    assert dag["timetable"] is None
    upstream = {name: task["upstream"] for name, task in dag["tasks"].items()}
    assert upstream == {
        "choose_act": [],
        "propose_calibration": ["choose_act"],
        "compare_calibration": ["propose_calibration"],
        "activate_calibration": ["choose_act"],
    }
    assert {"author", "reason", "activate_version", "active_from"} <= set(dag["params"])


def test_the_night_is_scheduled_at_two_in_the_companys_zone(nightly):
    assert "0 2 * * *" in nightly["timetable"]
    assert "Asia/Shanghai" in nightly["timetable"]
    assert nightly["timeout"]
    assert nightly["params"] == ["as_of_date", "sources"]
    assert "mail_carrier.report_late_night" in nightly["serialized"]


def test_parsing_twice_gives_the_same_dag(nightly, airflow_home):
    again = describe_dag("customer_value_nightly", airflow_home)
    assert again["serialized"] == nightly["serialized"]


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-06-30T18:00:00", "Asia/Shanghai", date(2026, 6, 30)),
        ("2026-06-30T15:59:59", "Asia/Shanghai", date(2026, 6, 29)),
        ("2026-03-29T01:00:00", "Europe/Berlin", date(2026, 3, 28)),
        ("2024-03-01T02:00:00", "UTC", date(2024, 2, 29)),
    ],
)
def test_the_as_of_date_is_the_companys_day_before_the_run(instant, zone, expected):
    settings = Settings(time_zone=zone)
    assert steps.business_date_before(datetime.fromisoformat(instant).replace(tzinfo=UTC), settings) == expected
