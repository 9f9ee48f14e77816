"""The ledger: one run at a time, dead runs told from live ones, the truth about every run."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipelines.night import ledger
from pipelines.warehouse.schema import NIGHT, RUN, RUN_STEP

AS_OF = date(2026, 6, 30)


def enter(engine: sa.Engine, run_id: str) -> None:
    """Enter a run and make it the current one."""
    values = {
        "run_id": run_id, "as_of_date": AS_OF, "source_systems": ["canonical"], "company_time_zone": "Asia/Shanghai",
        "reporting_currency": "CNY", "active_window_months": 24, "capital_cost_rate": 0.06,
        "tier_scheme": "three_tier", "churn_horizon_days": 180, "churn_high_odds": 4, "churn_medium_odds": 2,
    }  # fmt: skip
    with ledger.exclusive(engine) as connection:
        ledger.start_run(connection, run_id, AS_OF, ["canonical"])
        row = insert(NIGHT).values(is_current=True, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["is_current"], set_=values))


def status(engine: sa.Engine, run_id: str) -> str:
    with engine.connect() as connection:
        return connection.execute(sa.select(RUN.c.status).where(RUN.c.run_id == run_id)).scalar_one()


def test_a_failed_step_is_what_the_run_says_it_failed_of(warehouse):
    enter(warehouse.engine, "r1")
    with pytest.raises(RuntimeError), ledger.step(warehouse.engine, "r1", "build_scores"):
        raise RuntimeError("no disk")
    assert ledger.finish_run(warehouse.engine, "r1") == "failed"
    assert ledger.finish_run(warehouse.engine, "r1") == "failed"
    with warehouse.engine.connect() as connection:
        row = connection.execute(sa.text("select * from published.run")).one()
    assert (row.status, row.failed_step, row.message) == ("failed", "build_scores", "RuntimeError: no disk")
    assert row.finished_at is not None


def test_a_step_that_succeeds_when_tried_again_is_no_failure(warehouse):
    enter(warehouse.engine, "r1")
    with pytest.raises(RuntimeError), ledger.step(warehouse.engine, "r1", "extract"):
        raise RuntimeError("the source is down")
    with ledger.step(warehouse.engine, "r1", "extract"):
        pass
    with warehouse.engine.connect() as connection:
        assert connection.execute(sa.select(RUN_STEP.c.status)).scalar_one() == "done"
    assert ledger.finish_run(warehouse.engine, "r1") == "aborted"


def test_a_second_run_is_refused_while_a_step_works_and_takes_over_from_a_dead_one(warehouse):
    enter(warehouse.engine, "r1")
    with ledger.step(warehouse.engine, "r1", "extract"), pytest.raises(ledger.RunRefused, match="r1, step extract"):
        enter(warehouse.engine, "r2")
    enter(warehouse.engine, "r2")
    assert status(warehouse.engine, "r1") == "aborted"
    assert status(warehouse.engine, "r2") == "running"
    with pytest.raises(ledger.RunRefused, match="superseded"), ledger.step(warehouse.engine, "r1", "publish_tiers"):
        pytest.fail("a superseded run must not work")


def test_a_killed_step_is_closed_with_its_run(warehouse):
    enter(warehouse.engine, "r1")
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.insert(RUN_STEP).values(run_id="r1", step="s", started_at=sa.func.now(), status="running")
        )
    assert ledger.finish_run(warehouse.engine, "r1") == "aborted"
    with warehouse.engine.connect() as connection:
        row = connection.execute(sa.select(RUN_STEP)).one()
        run = connection.execute(sa.select(RUN)).one()
    assert (row.status, row.message) == ("failed", "the process ended without a word")
    assert (run.status, run.failed_step) == ("aborted", "s")
