"""What the gates found, as rows of `control.data_quality`; publication copies them to `published.data_quality`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pipelines.night.ledger import require_current
from pipelines.validate.outcome import RuleOutcome
from pipelines.warehouse.schema import DATA_QUALITY, NIGHT

# One row per entity that the night's sources deliver, with how many rows broke the data contract. It is the state,
# not tonight's pull: the same night run twice reads fewer rows the second time and must publish the same.
_REJECTED = """
    select
        extraction.entity,
        coalesce(max(rejected.row_count), 0) as row_count
    from control.night as night
    inner join control.extraction as extraction on extraction.source_system = any(night.source_systems)
    left join (
        select
            landing_rejected.entity,
            count(*) as row_count
        from landing.landing_rejected as landing_rejected
        inner join control.night as night on landing_rejected.source_system = any(night.source_systems)
        group by landing_rejected.entity
    ) as rejected on rejected.entity = extraction.entity
    group by extraction.entity
"""
# One row per entity of which rows can wait for the order or invoice that they name, with how many do.
_WAITING = """
    select
        base_waiting.entity,
        base_waiting.waiting_count as row_count
    from staging.base_waiting as base_waiting
"""
_SET_ASIDE = """
    insert into control.data_quality
        (run_id, dataset, check_name, as_of_date, severity, expected, observed, passed, rows_set_aside)
    select
        night.run_id,
        'landing.' || set_aside.entity,
        :check_name,
        night.as_of_date,
        'warn',
        :expected,
        case set_aside.row_count when 0 then 'as expected' when 1 then '1 row' else set_aside.row_count || ' rows' end,
        set_aside.row_count = 0,
        set_aside.row_count
    from control.night as night
    cross join ({counted}) as set_aside
"""


def record(engine: sa.Engine, run_id: str, outcomes: Sequence[RuleOutcome]) -> None:
    """Replace the run's rows of these rules; RunRefused where it has been superseded."""
    with engine.begin() as connection:
        require_current(connection, run_id)
        _forget(connection, run_id, outcomes)
        as_of = connection.scalar(sa.select(NIGHT.c.as_of_date))
        rows = [
            {
                "run_id": run_id,
                "dataset": outcome.dataset,
                "check_name": outcome.rule.name,
                "as_of_date": as_of,
                "severity": outcome.rule.severity.value,
                "expected": outcome.rule.expected,
                "observed": outcome.observed,
                "passed": outcome.passed,
                "rows_set_aside": 0,
                "rows_broken": None if outcome.error is not None else outcome.rows,
            }
            for outcome in outcomes
        ]
        connection.execute(sa.insert(DATA_QUALITY), rows)


def record_rejected_rows(engine: sa.Engine, run_id: str) -> None:
    """Replace the run's counts of rows that broke the data contract, one row per delivered entity."""
    _record_set_aside(engine, run_id, "rows_keep_to_the_contract", "no row that breaks the data contract", _REJECTED)


def record_waiting_rows(engine: sa.Engine, run_id: str) -> None:
    """Replace the run's counts of rows that wait in landing for what they belong to, one row per entity."""
    _record_set_aside(
        engine, run_id, "rows_find_what_they_name", "no row that waits for its order or invoice", _WAITING
    )


def _record_set_aside(engine: sa.Engine, run_id: str, check_name: str, expected: str, counted: str) -> None:
    with engine.begin() as connection:
        require_current(connection, run_id)
        connection.execute(
            sa.delete(DATA_QUALITY).where(DATA_QUALITY.c.run_id == run_id, DATA_QUALITY.c.check_name == check_name)
        )
        statement = sa.text(_SET_ASIDE.format(counted=counted))
        connection.execute(statement, {"check_name": check_name, "expected": expected})


def _forget(connection: sa.Connection, run_id: str, outcomes: Sequence[RuleOutcome]) -> None:
    checked = sa.tuple_(DATA_QUALITY.c.dataset, DATA_QUALITY.c.check_name)
    again = [(outcome.dataset, outcome.rule.name) for outcome in outcomes]
    connection.execute(sa.delete(DATA_QUALITY).where(DATA_QUALITY.c.run_id == run_id, checked.in_(again)))
