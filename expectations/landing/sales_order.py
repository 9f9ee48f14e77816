"""What must hold of the landed orders of the night's sources."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "landing",
    "sales_order",
    (
        Rule(
            name="orders_are_held",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="at least 1 order",
            reason="On an empty table every other rule passes, and a night without orders would publish that nobody "
            "buys. One is the floor: a company may be that small; customers and products may be inferred, orders not.",
            cure="look at the source's order table and at the mapping's `where`; then run the night again",
            unexpected_rows="""
                -- one row: the night, where its sources hold no order
                select night.as_of_date
                from control.night as night
                where not exists (
                    select 1
                    from landing.sales_order as sales_order
                    where sales_order.source_system = any(night.source_systems)
                )
            """,
        ),
        Rule(
            name="some_order_is_dated_up_to_the_night",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="at least 1 order dated on or before the as-of date",
            reason="What is dated later does not exist for the night: it would publish prospects only. Either the "
            "dates were read wrongly or the as-of date lies before the company's first order.",
            cure="check the mapping of `ordered_on`, or evaluate a later as-of date",
            unexpected_rows="""
                -- one row: the night, where every order lies after it
                select
                    night.as_of_date,
                    min(sales_order.ordered_on) as oldest_ordered_on,
                    count(*) as row_count
                from control.night as night
                inner join landing.sales_order as sales_order on sales_order.source_system = any(night.source_systems)
                group by night.as_of_date
                having min(sales_order.ordered_on) > night.as_of_date
            """,
        ),
        Rule(
            name="no_order_is_dated_in_the_future",
            severity=Severity.WARN,
            since=date(2026, 11, 22),
            expected="no order dated after the day of the run",
            reason="Orders entered ahead exist in honest systems and are left out until their day comes, so the night "
            "goes on; a mistyped year hides a sale, so it is named.",
            cure="correct the date in the source where it is a mistake",
            unexpected_rows="""
                -- one row per source system with orders dated after both the night and the day on which it runs
                select
                    sales_order.source_system,
                    count(*) as row_count,
                    (array_agg(sales_order.order_id order by sales_order.order_id))[1:20] as order_ids
                from control.night as night
                inner join control.run as run on run.run_id = night.run_id
                inner join landing.sales_order as sales_order on sales_order.source_system = any(night.source_systems)
                where
                    sales_order.ordered_on > greatest(
                        night.as_of_date, cast(run.started_at at time zone night.company_time_zone as date)
                    )
                group by sales_order.source_system
                order by source_system
            """,
        ),
        Rule(
            name="orders_are_fresh",
            severity=Severity.WARN,
            since=date(2026, 11, 22),
            expected="the newest order up to the as-of date is at most 30 days older than it",
            reason="A stopped interface looks like a quiet month. 30 days: longer than any holiday of the trade "
            "(Spring Festival stops orders for two weeks). Orders dated in the future do not count as fresh. No fail: "
            "a small company may sell nothing for a month.",
            cure="ask the owner of the source whether orders still arrive",
            unexpected_rows="""
                -- one row: the night, where its newest order is old
                select
                    night.as_of_date,
                    max(sales_order.ordered_on) as newest_ordered_on
                from control.night as night
                inner join landing.sales_order as sales_order on
                    sales_order.source_system = any(night.source_systems)
                    and sales_order.ordered_on <= night.as_of_date
                group by night.as_of_date
                having max(sales_order.ordered_on) < night.as_of_date - 30
            """,
        ),
    ),
)
