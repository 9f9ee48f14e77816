"""What the gates found, as rows of `control.data_quality`; publication copies them to `published.data_quality`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pipelines.night.ledger import require_current
from pipelines.validate.outcome import RuleOutcome
from pipelines.warehouse.schema import DATA_QUALITY, NIGHT

# One row per entity of the night's sources: what its newest deliveries had to leave aside. The state, not tonight's
# pull: the same night run twice reads fewer rows the second time and must publish the same.
_SET_ASIDE = sa.text("""
    insert into control.data_quality
        (run_id, dataset, check_name, as_of_date, severity, expected, observed, passed, rows_set_aside)
    select
        night.run_id,
        'landing.' || delivered.entity,
        'rows_set_aside',
        night.as_of_date,
        'warn',
        'no row that breaks the data contract',
        case when coalesce(rejected.row_count, 0) = 0 then 'as expected' else rejected.row_count || ' set aside' end,
        coalesce(rejected.row_count, 0) = 0,
        coalesce(rejected.row_count, 0)
    from control.night as night
    cross join lateral (
        select distinct extraction.entity
        from control.extraction as extraction
        where extraction.source_system = any(night.source_systems)
    ) as delivered
    left join lateral (
        select count(*) as row_count
        from landing.landing_rejected as landing_rejected
        where
            landing_rejected.entity = delivered.entity
            and landing_rejected.source_system = any(night.source_systems)
    ) as rejected on true
""")


def record(engine: sa.Engine, run_id: str, outcomes: Sequence[RuleOutcome]) -> None:
    """Replace the run's rows of the datasets that the outcomes are about; RunRefused where it has been superseded."""
    with engine.begin() as connection:
        require_current(connection, run_id)
        _forget(connection, run_id, sorted({outcome.dataset for outcome in outcomes}))
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
            }
            for outcome in outcomes
        ]
        connection.execute(sa.insert(DATA_QUALITY), rows)


def record_rows_set_aside(engine: sa.Engine, run_id: str) -> None:
    """Replace the run's rows that count, per entity of the night's sources, what was set aside at extraction."""
    with engine.begin() as connection:
        require_current(connection, run_id)
        connection.execute(
            sa.delete(DATA_QUALITY).where(
                DATA_QUALITY.c.run_id == run_id, DATA_QUALITY.c.check_name == "rows_set_aside"
            )
        )
        connection.execute(_SET_ASIDE)


def _forget(connection: sa.Connection, run_id: str, datasets: Sequence[str]) -> None:
    connection.execute(
        sa.delete(DATA_QUALITY).where(
            DATA_QUALITY.c.run_id == run_id,
            DATA_QUALITY.c.dataset.in_(datasets),
            DATA_QUALITY.c.check_name != "rows_set_aside",
        )
    )
