"""What the gates found, as rows of `control.data_quality`; publication copies them to `published.data_quality`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pipelines.night.ledger import require_current
from pipelines.validate.outcome import RuleOutcome
from pipelines.warehouse.schema import DATA_QUALITY, NIGHT

# What the night's sources left aside, per entity. It is the state of landing, not of tonight's pull: the same night run
# twice reads fewer rows the second time and must publish the same.
_SET_ASIDE = sa.text("""
    with delivered as (
        select distinct extraction.entity
        from control.extraction as extraction
        inner join control.night as night on extraction.source_system = any(night.source_systems)
    ),

    rejected as (
        select
            delivered.entity,
            count(landing_rejected.entity) as row_count
        from delivered
        cross join control.night as night
        left join landing.landing_rejected as landing_rejected
            on
                landing_rejected.entity = delivered.entity
                and landing_rejected.source_system = any(night.source_systems)
        group by delivered.entity
    ),

    waiting as (
        select
            'sales_order_line' as entity,
            count(*) as row_count
        from landing.sales_order_line as sales_order_line
        inner join control.night as night on sales_order_line.source_system = any(night.source_systems)
        where not exists (
            select 1
            from landing.sales_order as sales_order
            where
                sales_order.order_id = sales_order_line.order_id
                and sales_order.source_system = any(night.source_systems)
        )
        union all
        select
            'delivery' as entity,
            count(*) as row_count
        from landing.delivery as delivery
        inner join control.night as night on delivery.source_system = any(night.source_systems)
        where not exists (
            select 1
            from landing.sales_order as sales_order
            where sales_order.order_id = delivery.order_id and sales_order.source_system = any(night.source_systems)
        )
        union all
        select
            'payment' as entity,
            count(*) as row_count
        from landing.payment as payment
        inner join control.night as night on payment.source_system = any(night.source_systems)
        where not exists (
            select 1
            from landing.invoice as invoice
            where invoice.invoice_id = payment.invoice_id and invoice.source_system = any(night.source_systems)
        )
    ),

    set_aside as (
        select
            rejected.entity,
            'rows_are_within_the_contract' as check_name,
            'no row that breaks the data contract' as expected,
            rejected.row_count
        from rejected
        union all
        select
            waiting.entity,
            'rows_have_what_they_belong_to' as check_name,
            'no row that waits for its order or invoice' as expected,
            waiting.row_count
        from waiting
        inner join delivered on delivered.entity = waiting.entity
    )

    insert into control.data_quality
        (run_id, dataset, check_name, as_of_date, severity, expected, observed, passed, rows_set_aside)
    select
        night.run_id,
        'landing.' || set_aside.entity,
        set_aside.check_name,
        night.as_of_date,
        'warn',
        set_aside.expected,
        case set_aside.row_count when 0 then 'as expected' when 1 then '1 row' else set_aside.row_count || ' rows' end,
        set_aside.row_count = 0,
        set_aside.row_count
    from control.night as night
    cross join set_aside
""")
_SET_ASIDE_CHECKS = ("rows_are_within_the_contract", "rows_have_what_they_belong_to")


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
            }
            for outcome in outcomes
        ]
        connection.execute(sa.insert(DATA_QUALITY), rows)


def record_rows_set_aside(engine: sa.Engine, run_id: str) -> None:
    """Replace the run's rows that count what was set aside at extraction and what waits for its order or invoice."""
    with engine.begin() as connection:
        require_current(connection, run_id)
        connection.execute(
            sa.delete(DATA_QUALITY).where(
                DATA_QUALITY.c.run_id == run_id, DATA_QUALITY.c.check_name.in_(_SET_ASIDE_CHECKS)
            )
        )
        connection.execute(_SET_ASIDE)


def _forget(connection: sa.Connection, run_id: str, outcomes: Sequence[RuleOutcome]) -> None:
    checked = sa.tuple_(DATA_QUALITY.c.dataset, DATA_QUALITY.c.check_name)
    again = [(outcome.dataset, outcome.rule.name) for outcome in outcomes]
    connection.execute(sa.delete(DATA_QUALITY).where(DATA_QUALITY.c.run_id == run_id, checked.in_(again)))
