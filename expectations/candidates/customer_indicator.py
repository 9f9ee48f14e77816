"""What must hold of the points behind the scores."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "candidates",
    "customer_indicator",
    (
        Rule(
            name="points_and_weights_are_in_bounds",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="points finite and within 0 and 100, effective_weight within 0 and 1 (to 1e-9), null together",
            reason="Scores may look right while two terms are wrong against each other; an explanation read out to a "
            "customer's manager would then be nonsense.",
            cure="look at the indicator's reference points in control.calibration_indicator",
            unexpected_rows="""
                -- one row per indicator with impossible points or weights
                select
                    customer_indicator.indicator_id,
                    count(*) as row_count,
                    (array_agg(customer_indicator.customer_id order by customer_indicator.customer_id))[1:20]
                        as customer_ids
                from candidates.customer_indicator as customer_indicator
                where
                    customer_indicator.points not between -1e-9 and 100 + 1e-9
                    or customer_indicator.effective_weight not between -1e-9 and 1 + 1e-9
                    or (customer_indicator.points is null) <> (customer_indicator.raw_value is null)
                group by customer_indicator.indicator_id
                order by indicator_id
            """,
        ),
    ),
)
