"""What must hold of the landed order lines of the night's sources."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "landing",
    "sales_order_line",
    (
        Rule(
            name="lines_are_held",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="at least 1 order line",
            reason="Revenue, volume and margin come from lines: without any, everybody would be published as a "
            "prospect. One is the floor: a company may be that small.",
            cure="look at the source's line table and at the mapping's `where`; then run the night again",
            unexpected_rows="""
                -- one row: the night, where its sources hold no line
                select night.as_of_date
                from control.night as night
                where not exists (
                    select 1
                    from landing.sales_order_line as sales_order_line
                    where sales_order_line.source_system = any(night.source_systems)
                )
            """,
        ),
        Rule(
            name="some_line_finds_its_order",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="at least 1 order line whose order is held",
            reason="Single lines wait for their orders honestly; where none finds one, the two mappings spell the "
            "order's id differently (leading zeros, spaces) and everybody would be published as a prospect.",
            cure="compare `order_id` in the mappings of sales_order and sales_order_line",
            unexpected_rows="""
                -- one row: the night, where orders and lines are held and no line finds its order
                select night.as_of_date
                from control.night as night
                where
                    exists (
                        select 1
                        from landing.sales_order_line as sales_order_line
                        where sales_order_line.source_system = any(night.source_systems)
                    )
                    and exists (
                        select 1
                        from landing.sales_order as sales_order
                        where sales_order.source_system = any(night.source_systems)
                    )
                    and not exists (
                        select 1
                        from landing.sales_order_line as sales_order_line
                        inner join landing.sales_order as sales_order
                            on sales_order.order_id = sales_order_line.order_id
                        where
                            sales_order_line.source_system = any(night.source_systems)
                            and sales_order.source_system = any(night.source_systems)
                    )
            """,
        ),
    ),
)
