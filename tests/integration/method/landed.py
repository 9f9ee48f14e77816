"""The last night of any warehouse against the reference, from what was landed: for data that nobody made for a test."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sqlalchemy as sa

from tests.integration.method import comparison
from tests.integration.method.comparison import Difference
from tests.integration.method.driver import read, stored_calibration
from tests.reference import night as reference
from tests.reference.parameters import Company, Parameters, Row
from tests.reference.staging import KEYS
from tests.reference.tiers import Override, Previous

LINEAGE = ("source_system", "updated_at", "extracted_at")


def _company(engine: sa.Engine, source_systems: list[str]) -> Company:
    """The landed rows of the night's sources, without their lineage."""
    found: Company = {}
    for entity in KEYS:
        rows = [row for row in read(engine, f"landing.{entity}") if row["source_system"] in source_systems]
        if rows:
            found[entity] = [{name: value for name, value in row.items() if name not in LINEAGE} for row in rows]
    return found


def _parameters(night: Row) -> Parameters:
    return Parameters(
        night["as_of_date"],
        night["reporting_currency"],
        night["active_window_months"],
        Fraction(night["capital_cost_rate"]),
        night["tier_scheme"],
        night["churn_horizon_days"],
        Fraction(night["churn_high_odds"]),
        Fraction(night["churn_medium_odds"]),
    )


def evaluate_landed(engine: sa.Engine) -> reference.Night:
    """The night that stands in `control.night`, evaluated by the reference under the pipeline's own calibration."""
    (night,) = read(engine, "control.night")
    measured = reference.measure(_company(engine, night["source_systems"]), _parameters(night))
    before = {
        row["customer_id"]: Previous(row["tier"], row["tier_computed"], row["tier_since_on"])
        for row in read(engine, "control.previous_night")
    }
    overrides = [
        Override(row["customer_id"], row["tier"], row["reason"], row["starts_on"], row["expires_on"])
        for row in sorted(read(engine, "control.tier_override"), key=lambda row: row["override_id"])
    ]
    return reference.evaluate(measured, stored_calibration(engine), before, overrides)


def candidate_differences(rows: Callable[[str], list[Row]], night: reference.Night) -> list[Difference]:
    """The canonical tables and everything that the night's candidates say, against the reference's night."""
    measured = night.measured
    found = comparison.staging_differences(rows, measured.staged, measured.facts.as_of)
    found += comparison.indicator_differences(rows("indicators.indicator_value"), measured)
    found += comparison.point_differences(rows("candidates.customer_indicator"), night)
    found += comparison.customer_differences(rows("candidates.customer_tier"), night)
    found += comparison.signal_differences(rows("churn.reason_signal"), measured)
    found += comparison.reason_differences(rows("candidates.churn_reason"), measured)
    found += comparison.record_differences(rows("candidates.churn_track_record"), night)
    found += comparison.summary_differences(rows("candidates.tier_summary"), rows("candidates.tier_transition"), night)
    return found
