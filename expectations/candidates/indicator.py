"""What must hold of the published registry of indicators and its weights."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "candidates",
    "indicator",
    (
        Rule(
            name="weights_sum_to_1",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="the active weights of all indicators not negative and summing to 1 (to 1e-9)",
            reason="A lost or doubled indicator of the calibration moves everybody's score in step and shows nowhere "
            "else.",
            cure="compare control.calibration_indicator of the active version with the indicator models",
            unexpected_rows="""
                -- one row: the night, where the weights are no weights
                select
                    night.as_of_date,
                    weights.indicators,
                    weights.weight_sum
                from control.night as night
                cross join (
                    select
                        count(*) as indicators,
                        sum(indicator.active_weight) as weight_sum,
                        min(indicator.active_weight) as least_weight
                    from candidates.indicator as indicator
                ) as weights
                where
                    weights.weight_sum is null
                    or weights.weight_sum not between 1 - 1e-9 and 1 + 1e-9
                    or weights.least_weight < 0
            """,
        ),
    ),
)
