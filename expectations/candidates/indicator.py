"""What must hold of the published registry of indicators."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "candidates",
    "indicator",
    (
        Rule(
            name="every_weighted_indicator_is_published",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="every indicator that has weight in the night's calibration",
            reason="An indicator whose model is gone counts as missing for everybody: its weight moves to others, and "
            "everybody's score moves with it, unexplained.",
            cure="restore the indicator's model, or make and activate a calibration without it",
            unexpected_rows="""
                -- one row per indicator that weighs and is not published
                select distinct calibrated.indicator_id
                from control.calibration_indicator as calibrated
                inner join control.night as night on night.calibration_version = calibrated.version
                where
                    calibrated.nominal_weight > 0
                    and not exists (
                        select 1
                        from candidates.indicator as indicator
                        where indicator.indicator_id = calibrated.indicator_id and indicator.active_weight > 0
                    )
                order by indicator_id
            """,
        ),
    ),
)
