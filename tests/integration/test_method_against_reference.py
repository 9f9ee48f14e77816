"""The models against the reference, value by value, on small nasty companies.

`CVP_REFERENCE_SEEDS=0-99` (or `3,7,20`) tries other random companies, `CVP_REFERENCE_NIGHT_SEEDS` other whole nights.
What is compared: the canonical tables, every indicator, points, effective weights and contributions, the published row
of every customer, the reasons and every signal behind them, the pyramid; in whole nights also the calibration, what was
set aside, and one night after another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.night import steps
from tests.conftest import Warehouse
from tests.integration.method import comparison, driver
from tests.integration.method.comparison import report
from tests.integration.method.landed import candidate_differences
from tests.integration.method.models import Models, models_of
from tests.integration.method.nights import (
    given_before,
    given_calibration,
    given_scopes_before,
    given_scores_before,
    parameters_for,
)
from tests.reference import night as reference
from tests.reference.changes import changed_facts, score_changes
from tests.reference.companies import AS_OF_DATES, make_company, write_folder
from tests.reference.parameters import Company, Parameters, Row
from tests.reference.scopes import Scope, scope_tiers
from tests.reference.scoring import Score
from tests.reference.special_companies import SPECIAL
from tests.reference.staging import split_by_contract
from tests.reference.tiers import Override, Previous

ScopesBefore = Mapping[Scope, Mapping[str, str]]

ALWAYS = "0-29"
# every optional entity, three currencies, enough history for churn probabilities
NIGHT_ALWAYS = "4"


def _seeds(variable: str, default: str) -> list[int]:
    seeds: list[int] = []
    for part in os.environ.get(variable, default).split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def _compare(models: Models, night: reference.Night, scopes_before: ScopesBefore) -> None:
    found = candidate_differences(models.read, night)
    found += comparison.scope_differences(
        models.read("candidates.scope_tier"), models.read("candidates.tier_summary"), night, scopes_before
    )
    assert not found, report(found, night.measured)


@pytest.fixture(scope="module")
def models(module_warehouse: Warehouse) -> Iterator[Models]:
    """The models, compiled once."""
    yield from models_of(module_warehouse)


def _run(
    models: Models,
    warehouse: Warehouse,
    company: Company,
    night: reference.Night,
    before: Mapping[str, Previous],
    overrides: list[Override],
    scopes_before: ScopesBefore,
    scored_before: tuple[Mapping[str, Score], date, int] | None = None,
) -> None:
    parameters = night.measured.facts.parameters
    driver.land(warehouse.engine, company)
    driver.set_night(warehouse.engine, parameters)
    driver.set_calibration(warehouse.engine, night.calibration, parameters, len(night.scores))
    driver.set_before(warehouse.engine, before, overrides)
    if scored_before:
        driver.set_scores_before(warehouse.engine, *scored_before)
    driver.set_scopes_before(warehouse.engine, scopes_before, parameters.as_of)
    models.run()


@pytest.mark.parametrize("seed", _seeds("CVP_REFERENCE_SEEDS", ALWAYS))
def test_models_say_what_the_reference_says(models: Models, module_warehouse: Warehouse, seed: int) -> None:
    """The night before had other scores; of three nights before one had another calibration."""
    as_of = AS_OF_DATES[seed % len(AS_OF_DATES)]
    company = make_company(seed, as_of)
    measured = reference.measure(company, parameters_for(seed, as_of))
    before, overrides = given_before(seed, measured)
    night = reference.evaluate(measured, given_calibration(seed, measured), before, overrides)
    scores_before = given_scores_before(seed, measured, night.calibration)
    since, version = as_of - timedelta(days=seed % 40 + 1), 1 + (seed % 3 == 2)
    scopes_before = given_scopes_before(seed, night)
    _run(models, module_warehouse, company, night, before, overrides, scopes_before, (scores_before, since, version))
    _compare(models, night, scopes_before)
    admitted = {entity: split_by_contract(entity, rows)[0] for entity, rows in company.items()}
    moved = score_changes(scores_before, night, changed_facts(admitted, admitted, since, as_of), version == 2)
    found = comparison.change_differences(models.read("candidates.score_change"), moved)
    assert not found, report(found, measured)


@pytest.mark.parametrize("as_of", AS_OF_DATES[:3], ids=str)
@pytest.mark.parametrize("name", SPECIAL)
def test_models_say_what_the_reference_says_of_special_companies(
    models: Models, module_warehouse: Warehouse, name: str, as_of: date
) -> None:
    """The day before everybody was core."""
    company = SPECIAL[name](as_of)
    measured = reference.measure(company, Parameters(as_of))
    yesterday = as_of - timedelta(days=1)
    before = {customer: Previous("core", "core", yesterday) for customer in measured.facts.customers}
    weights = dict.fromkeys(reference.FORMULAS, 1 / 30)
    night = reference.evaluate(measured, reference.first_calibration(measured, weights), before)
    _run(models, module_warehouse, company, night, before, [], {})
    _compare(models, night, {})


def _check_published(warehouse: Warehouse, night: reference.Night, scopes_before: ScopesBefore) -> None:
    as_of = night.measured.facts.as_of

    def read(table: str) -> list[Row]:
        return driver.read(warehouse.engine, f"published.{table}")

    def of_tonight(table: str) -> list[Row]:
        return [row for row in read(table) if row["as_of_date"] == as_of]

    current = read("customer_tier")
    assert all((row["tier_support"] is not None) == row["is_active"] for row in current)
    assert {row["as_of_date"] for row in current} == {as_of}
    found = comparison.customer_differences(current, night)
    found += comparison.customer_differences(of_tonight("customer_tier_history"), night)
    found += comparison.reason_differences(read("churn_reason"), night.measured)
    found += comparison.point_differences(read("customer_indicator"), night)
    found += comparison.history_differences(of_tonight("customer_indicator_history"), night)
    found += comparison.record_differences(of_tonight("churn_track_record"), night)
    summary = of_tonight("tier_summary")
    found += comparison.summary_differences(summary, of_tonight("tier_transition"), night)
    found += comparison.scope_differences(of_tonight("scope_tier"), summary, night, scopes_before)
    assert not found, report(found, night.measured)


def _run_night(warehouse: Warehouse, as_of: date) -> None:
    steps.run_night(f"night of {as_of}", as_of, [driver.SOURCE])


@pytest.mark.parametrize("seed", _seeds("CVP_REFERENCE_NIGHT_SEEDS", NIGHT_ALWAYS))
def test_whole_nights_say_what_the_reference_says(warehouse: Warehouse, tmp_path: Path, seed: int) -> None:
    """From a folder of CSV files to the published tables; rows dated after the first night exist a month later."""
    first_date = AS_OF_DATES[seed % len(AS_OF_DATES)]
    company = make_company(seed, first_date)
    folder = write_folder(company, tmp_path / "source")
    before: dict[str, Previous] = {}
    scopes_before: ScopesBefore = {}
    calibration = None
    with driver.settings_for(folder, warehouse.settings.warehouse_database):
        for as_of in (first_date, first_date + timedelta(days=31)):
            _run_night(warehouse, as_of)
            measured = reference.measure(company, Parameters(as_of))
            if calibration is None:
                calibration = driver.stored_calibration(warehouse.engine)
                found = comparison.calibration_differences(calibration, measured)
                assert not found, report(found, measured)
            night = reference.evaluate(measured, calibration, before)
            _check_published(warehouse, night, scopes_before)
            scopes_before = {scope: one.computed for scope, one in scope_tiers(night, scopes_before).items()}
            before = {
                customer: Previous(one.tier, one.tier_computed, one.tier_since_on)
                for customer, one in night.tiers.items()
            }
    set_aside = driver.read(warehouse.engine, "landing.landing_rejected")
    assert len(set_aside) == sum(map(len, night.measured.staged.rejected.values()))
