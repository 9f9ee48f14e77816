"""Failed and late nights: operations are told once, reminded by policy, told of the end; never a value of a row."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipelines import alert
from pipelines.night import ledger, steps, watch
from pipelines.settings import PROJECT
from pipelines.warehouse.schema import DATA_QUALITY
from tests.integration.alerts.nights import OPS, D, customer, night, query
from tests.integration.test_ledger import enter

ONE_DAY = timedelta(days=1)
CANARY = "CANARY-王伟-13800138000"


def fail(company, as_of, step="validate_landing", rule="orders_are_held", run="") -> str:
    """A run that fails in a step as a real one does, its message full of what a source delivered."""
    run_id = f"run-{as_of}{run}"
    enter(company.engine, run_id)
    with pytest.raises(ValueError, match="CANARY"), ledger.step(company.engine, run_id, step):
        if rule:
            with company.engine.begin() as connection:
                connection.execute(
                    sa.insert(DATA_QUALITY).values(
                        run_id=run_id, dataset="landing.sales_order", check_name=rule, as_of_date=as_of, passed=False,
                        severity="fail", expected="at least 1 order", observed=f"3 rows: {CANARY}", rows_set_aside=0,
                        rows_broken=3,
                    )
                )  # fmt: skip
        raise ValueError(CANARY)
    with company.engine.begin() as connection:
        connection.execute(
            sa.text("update control.run set as_of_date = :d where run_id = :r"), {"d": as_of, "r": run_id}
        )
    ledger.finish_run(company.engine, run_id)
    return run_id


def told(company) -> list[tuple]:
    return query(
        company.engine,
        "select purpose, as_of_date from control.mail_outbox where purpose <> 'digest' and recipient = :ops"
        " order by created_at",
        ops=OPS,
    )


def note(company, settings=None) -> int:
    return alert.note_failed_runs(company.engine, settings or company.settings)


def test_a_failed_night_is_one_mail_that_names_step_rule_rows_and_what_stands_and_no_value(company):
    night(company.engine, company.settings, D - ONE_DAY, customer("c1", level="low"))
    fail(company, D)
    assert note(company) == 1
    assert note(company) == 0
    fail(company, D, run="-again")
    note(company)
    assert told(company) == [("failure", D)]
    assert query(company.engine, "select count(*) from control.mail_outbox where purpose = 'digest'") == [(0,)]
    alert.send_mails(company.engine, company.settings)
    (mail,) = (company.settings.home / "mail" / str(D)).glob(f"*{OPS}.html")
    page = mail.read_text("utf-8")
    for words in (
        "validate_landing",
        "orders_are_held (landing.sales_order)",
        "3 rows",
        f"published for {D - ONE_DAY}",
    ):
        assert words in page
    stored = query(company.engine, "select payload::text from control.mail_outbox")
    assert "CANARY" not in page + str(stored)


@pytest.mark.parametrize(("every", "reminded"), [(1, 7), (3, 3), (10, 1)])
def test_the_same_check_seven_nights_is_one_incident_with_reminders_by_policy_and_one_end(
    company, tmp_path, every, reminded
):
    settings = company.with_rules(tmp_path, reminder_every_nights=every)
    for number in range(7):
        fail(company, D + number * ONE_DAY)
        note(company, settings)
    with company.engine.connect() as connection:
        assert alert.open_incidents(connection) == [("validate_landing: orders_are_held", D, 7)]
    night(company.engine, settings, D + 7 * ONE_DAY, customer("c1", level="low"))
    assert [purpose for purpose, _ in told(company)] == ["failure"] * reminded + ["resolved"]
    night(company.engine, settings, D + 8 * ONE_DAY, customer("c1", level="low"))
    assert [purpose for purpose, _ in told(company)].count("resolved") == 1


def test_another_fault_of_the_same_night_is_another_mail(company):
    fail(company, D)
    fail(company, D, step="build_scores", rule=None, run="-again")
    note(company)
    assert told(company) == [("failure", D)] * 2


def test_a_run_that_died_without_a_word_is_noted_by_whoever_comes_next(company):
    enter(company.engine, "dead")
    enter(company.engine, "next")
    assert note(company) == 1
    assert told(company) == [("failure", D)]


def test_a_failure_that_is_noticed_after_the_night_was_published_is_no_news(company):
    enter(company.engine, "dead")
    night(company.engine, company.settings, D, customer("c1", level="low"))
    assert note(company) == 1
    assert told(company) == []
    with company.engine.connect() as connection:
        assert alert.open_incidents(connection) == []


def test_settling_a_failed_run_tells_and_a_published_one_does_not(company, monkeypatch):
    monkeypatch.setattr(steps, "get_settings", lambda: company.settings)
    monkeypatch.setattr(steps, "warehouse_engine", lambda settings: company.engine)
    run_id = fail(company, D)
    with pytest.raises(steps.NightFailed):
        steps.close_night(run_id)
    assert steps.settle_run(run_id) == "failed"
    assert told(company) == [("failure", D)]
    assert len(list((company.settings.home / "mail" / str(D)).glob("*.eml"))) == 2
    night(company.engine, company.settings, D + ONE_DAY, customer("c1", level="low"))
    assert steps.settle_run(f"run-{D + ONE_DAY}") == "published"


@pytest.fixture
def watched(company, monkeypatch):
    monkeypatch.setattr(watch, "get_settings", lambda: company.settings)
    monkeypatch.setattr(watch, "warehouse_engine", lambda settings: company.engine)
    return company


AFTER_DEADLINE = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # 06:30 of July 1st in Shanghai


def test_a_night_that_never_came_is_told_once_by_the_deadline_and_its_end_once(watched):
    night(watched.engine, watched.settings, D - ONE_DAY, customer("c1", level="low"))
    before = watch.watch(AFTER_DEADLINE - timedelta(hours=1))
    assert (before.due, before.is_late) == (D - ONE_DAY, False)
    assert told(watched) == []
    for _ in range(3):
        report = watch.watch(AFTER_DEADLINE)
        assert (report.due, report.is_late) == (D, True)
    watch.report_late_night(D)  # Airflow's deadline, coming after
    assert told(watched) == [("late", D)]
    night(watched.engine, watched.settings, D, customer("c1", level="low"))
    assert watch.watch(AFTER_DEADLINE).is_late is False
    assert told(watched) == [("late", D), ("resolved", D)]


def page_of(company, purpose: str) -> str:
    alert.send_mails(company.engine, company.settings)
    (mail,) = (company.settings.home / "mail" / str(D)).glob(f"{purpose}*{OPS}.html")
    return mail.read_text("utf-8")


def test_a_late_night_that_failed_before_names_gate_rule_rows_and_what_stands(watched):
    night(watched.engine, watched.settings, D - ONE_DAY, customer("c1", level="low"))
    fail(watched, D)
    assert watch.watch(AFTER_DEADLINE).is_late
    assert told(watched) == [("failure", D), ("late", D)]
    page = page_of(watched, "late")
    for words in (
        "Its newest run: failed, at step what came in (validate_landing).", "orders_are_held (landing.sales_order)",
        "3 rows", f"published for {D - ONE_DAY}", f"by {watched.settings.deadline_hour:02d}:00",
    ):  # fmt: skip
        assert words in page
    assert "CANARY" not in page


def test_a_late_night_that_is_at_work_names_the_step(watched):
    enter(watched.engine, "slow")
    with watched.engine.begin() as connection:
        connection.execute(sa.text("update control.run set as_of_date = :d where run_id = 'slow'"), {"d": D})
    with ledger.step(watched.engine, "slow", "build_scores"):
        watch.report_late_night(D)
    assert "Its newest run: running, at step build_scores." in page_of(watched, "late")


@pytest.mark.parametrize(
    ("zone", "instant", "due"),
    [
        ("Asia/Shanghai", "2026-06-30T21:59:59+00:00", "2026-06-29"),
        ("Asia/Shanghai", "2026-06-30T22:00:00+00:00", "2026-06-30"),
        ("Europe/Berlin", "2026-03-29T04:00:00+00:00", "2026-03-28"),
        ("Europe/Berlin", "2026-10-25T04:59:59+00:00", "2026-10-23"),
        ("America/New_York", "2026-03-08T09:59:59+00:00", "2026-03-06"),
    ],
)
def test_the_due_night_is_that_of_the_company_s_day(company, zone, instant, due):
    settings = company.settings.model_copy(update={"time_zone": zone})
    assert watch.due_night(settings, datetime.fromisoformat(instant)).isoformat() == due


def test_a_warehouse_that_cannot_be_reached_is_told_once_without_it(company):
    variables = {
        **os.environ, "CVP_HOME": str(company.settings.home), "WAREHOUSE_URL": "postgresql://a:b@127.0.0.1:9/none",
        "CVP_ALERT_RULES": str(company.settings.alert_rules), "CVP_MAIL_TRANSPORT": "file", "CVP_CONFIG": "",
    }  # fmt: skip
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", "watch", "--now", AFTER_DEADLINE.isoformat()], env=variables,
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert "cannot be reached" in done.stdout
    pages = list((company.settings.home / "mail" / str(D)).glob(f"*{OPS}.html"))
    assert len(pages) == 1
    assert "The warehouse cannot be reached" in pages[0].read_text("utf-8")
