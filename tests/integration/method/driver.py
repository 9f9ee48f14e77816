"""A company's rows straight into landing, a night's parameters into control.

With `models` the short way to a night's candidates: no source, no gate, no publication; the calibration is given. What
it leaves out is what the whole night (`pipelines.night`) adds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from pipelines.settings import Settings, get_settings
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_ACTIVATION, CALIBRATION_INDICATOR
from pipelines.warehouse.schema import (
    LANDING,
    NIGHT,
    PREVIOUS_INDICATOR,
    PREVIOUS_NIGHT,
    PREVIOUS_RUN,
    PREVIOUS_SCOPE_TIER,
    RUN,
    TIER_OVERRIDE,
)
from tests.reference.calibration import INDICATORS, Calibration, ReferencePoints
from tests.reference.parameters import Company, Parameters, Row
from tests.reference.scopes import Scope
from tests.reference.scoring import Score
from tests.reference.staging import split_by_contract
from tests.reference.tiers import Override, Previous

SOURCE = "canonical"
RUN_ID = "reference"
NOW = datetime(2025, 7, 1, 2, tzinfo=UTC)
PREVIOUS = (PREVIOUS_NIGHT, PREVIOUS_RUN, PREVIOUS_SCOPE_TIER, PREVIOUS_INDICATOR)
EMPTIED = (*LANDING.values(), NIGHT, *PREVIOUS, TIER_OVERRIDE, CALIBRATION_INDICATOR, CALIBRATION, RUN)


def land(engine: sa.Engine, company: Company) -> None:
    """Empty the warehouse, then land what the contract admits, and a decoy of a source that no night reads."""
    with engine.begin() as connection:
        for table in EMPTIED:
            connection.execute(sa.text(f"truncate {table.schema}.{table.name} cascade"))
        for entity, rows in company.items():
            admitted, _ = split_by_contract(entity, rows)
            table = LANDING[entity]
            lineage = {"source_system": SOURCE, "extracted_at": NOW}
            names = [column.name for column in table.columns]
            values = [{name: (row | lineage).get(name) for name in names} for row in admitted]
            if values:
                connection.execute(sa.insert(table), values)
        decoy = {"source_system": "not read", "customer_id": "decoy", "customer_name": "decoy", "extracted_at": NOW}
        connection.execute(sa.insert(LANDING["customer"]), decoy)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def set_night(engine: sa.Engine, parameters: Parameters) -> None:
    """The night's parameters, as `pipelines.night` would set them, under calibration version 1."""
    values = {
        "run_id": RUN_ID,
        "as_of_date": parameters.as_of,
        "source_systems": [SOURCE],
        "company_time_zone": "Asia/Shanghai",
        "reporting_currency": parameters.reporting_currency,
        "active_window_months": parameters.active_window_months,
        "capital_cost_rate": _decimal(parameters.capital_cost_rate),
        "tier_scheme": parameters.tier_scheme,
        "churn_horizon_days": parameters.churn_horizon_days,
        "churn_high_odds": _decimal(parameters.churn_high_odds),
        "churn_medium_odds": _decimal(parameters.churn_medium_odds),
        "calibration_version": 1,
    }
    run = {"run_id": RUN_ID, "as_of_date": parameters.as_of, "source_systems": [SOURCE], "status": "running"}
    with engine.begin() as connection:
        connection.execute(sa.delete(NIGHT))
        connection.execute(sa.delete(RUN))
        connection.execute(sa.insert(NIGHT), values)
        connection.execute(sa.insert(RUN), run | {"started_at": NOW})


def set_calibration(engine: sa.Engine, calibration: Calibration, parameters: Parameters, customers: int) -> None:
    """The calibration as version 1, active since the night's date."""
    header = {
        "version": 1,
        "made_at": NOW,
        "population_date": parameters.as_of,
        "population_customers": customers,
        "author": "reference",
        "reason": "differential test",
        "method": "given",
        "median_current_score": calibration.median_current,
        "median_potential_score": calibration.median_potential,
    }
    rows = [
        {
            "version": 1,
            "indicator_id": code,
            "dimension": indicator.dimension,
            "indicator_group": indicator.group,
            "nominal_weight": calibration.weights[code],
            "transform": indicator.scale,
            "higher_is_better": indicator.better == "higher",
            "s": calibration.references[code].s,
            "lo": calibration.references[code].lo,
            "hi": calibration.references[code].hi,
        }
        for code, indicator in INDICATORS.items()
    ]
    with engine.begin() as connection:
        connection.execute(sa.delete(CALIBRATION_INDICATOR))
        connection.execute(sa.delete(CALIBRATION))
        connection.execute(sa.insert(CALIBRATION), header)
        activation = {
            "version": 1,
            "active_from_on": parameters.as_of,
            "activated_at": NOW,
            "author": "a",
            "reason": "r",
        }
        connection.execute(sa.insert(CALIBRATION_ACTIVATION), activation)
        connection.execute(sa.insert(CALIBRATION_INDICATOR), rows)


def set_before(engine: sa.Engine, before: Mapping[str, Previous], overrides: list[Override]) -> None:
    """The tiers of the evaluated day before, and the overrides that persons set."""
    previous: list[Row] = [
        {
            "customer_id": customer,
            "as_of_date": one.tier_since_on,
            "tier": one.tier,
            "tier_computed": one.tier_computed,
            "tier_since_on": one.tier_since_on,
        }
        for customer, one in before.items()
    ]
    with engine.begin() as connection:
        if previous:
            connection.execute(sa.insert(PREVIOUS_NIGHT), previous)
        for one in overrides:
            values = {"customer_id": one.customer_id, "tier": one.tier, "reason": one.reason, "author": "test"}
            dates = {"starts_on": one.starts_on, "expires_on": one.expires_on}
            connection.execute(sa.insert(TIER_OVERRIDE), values | dates)


def set_scores_before(
    engine: sa.Engine, scores: Mapping[str, Score], as_of: date, calibration_version: int = 1
) -> None:
    """The scores of the night before: it knew all that has landed and was published just then."""
    run = {"as_of_date": as_of, "known_at": NOW, "source_systems": [SOURCE], "calibration_version": calibration_version}
    rows = [
        {
            "customer_id": customer,
            "indicator_id": code,
            "points": one.points.get(code),
            "effective_weight": one.effective_weights.get(code, 0.0),
            "contribution": one.contributions.get(code, 0.0),
        }
        for customer, one in scores.items()
        for code in INDICATORS
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(PREVIOUS_RUN), run)
        if rows:
            connection.execute(sa.insert(PREVIOUS_INDICATOR), rows)


def set_scopes_before(engine: sa.Engine, before: Mapping[Scope, Mapping[str, str]], as_of: date) -> None:
    """The tiers of the evaluated day before in departments and books."""
    rows = [
        {"scope": scope, "scope_id": name, "customer_id": customer, "as_of_date": as_of, "tier_computed": tier}
        for (scope, name), tiers in before.items()
        for customer, tier in tiers.items()
    ]
    with engine.begin() as connection:
        if rows:
            connection.execute(sa.insert(PREVIOUS_SCOPE_TIER), rows)


def read(engine: sa.Engine, relation: str) -> list[dict[str, Any]]:
    """All rows of a relation, columns by name."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(f"select * from {relation}")).mappings()]


@contextmanager
def settings_for(folder: Path, database: str) -> Iterator[Settings]:
    """The environment of a company whose one source is a folder in the `canonical` mapping's form."""
    set_to = {
        f"CVP_SOURCES__{SOURCE}": str(folder),
        "CVP_ACTIVE_SOURCES": SOURCE,
        "CVP_WAREHOUSE_DATABASE": database,
    }
    with patch.dict(os.environ, set_to):
        os.environ.pop("WAREHOUSE_URL", None)
        get_settings.cache_clear()
        yield get_settings()
    get_settings.cache_clear()


def stored_calibration(engine: sa.Engine) -> Calibration:
    """Version 1 as the pipeline made it."""
    (header,) = read(engine, "control.calibration")
    rows = {row["indicator_id"]: row for row in read(engine, "control.calibration_indicator")}
    return Calibration(
        {code: row["nominal_weight"] for code, row in rows.items()},
        {code: ReferencePoints(row["s"], row["lo"], row["hi"]) for code, row in rows.items()},
        header["median_current_score"],
        header["median_potential_score"],
    )
