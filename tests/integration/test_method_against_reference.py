"""The models against the reference, value by value, on small nasty companies.

`CVP_REFERENCE_SEEDS=0-99` (or `3,7,20`) tries other random companies, `CVP_REFERENCE_NIGHT_SEEDS` other whole nights.
What is compared: the canonical tables, every indicator, points, effective weights and contributions, the published row
of every customer, the reasons and every signal behind them, the pyramid; in whole nights also the calibration, what was
set aside, and one night after another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
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

# 49: a trend so near 0 that its twelfth decimal shows
ALWAYS = "0-29,49"
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


SCOPE_SEED = 2
SCOPE_SHARES = ("margin_share", "volume_share", "cumulative_margin_share", "cumulative_volume_share")


def _departments(company: Company, measured: reference.Measured, of: Callable[[int], str]) -> Company:
    """The company with a master row for everybody, each in the department that `of` its number says."""
    masters = {row["customer_id"]: row for row in company["customer"]}
    names = sorted(measured.facts.customers)
    customers = [
        {"customer_name": "inferred before"}
        | masters.get(name, {})
        | {"customer_id": name, "sales_department": of(number)}
        for number, name in enumerate(names)
    ]
    return company | {"customer": customers}


def _scope_night(
    models: Models, warehouse: Warehouse, company: Company, scopes_before: ScopesBefore | None = None
) -> tuple[reference.Night, Mapping[str, Previous]]:
    as_of = AS_OF_DATES[SCOPE_SEED]
    measured = reference.measure(company, Parameters(as_of))
    before, _ = given_before(SCOPE_SEED, measured)
    night = reference.evaluate(measured, given_calibration(SCOPE_SEED, measured), before)
    _run(models, warehouse, company, night, before, [], scopes_before or {})
    return night, before


def test_a_department_that_holds_the_whole_company_is_tiered_as_the_company(
    models: Models, module_warehouse: Warehouse
) -> None:
    as_of = AS_OF_DATES[SCOPE_SEED]
    company = make_company(SCOPE_SEED, as_of)
    measured = reference.measure(company, Parameters(as_of))
    company = _departments(company, measured, lambda _: "everybody's")
    before, _ = given_before(SCOPE_SEED, reference.measure(company, Parameters(as_of)))
    held = {("department", "everybody's"): {name: one.tier_computed for name, one in before.items()}}
    _scope_night(models, module_warehouse, company, held)
    whole = {row["customer_id"]: row for row in models.read("candidates.customer_tier") if row["is_active"]}
    own = {row["customer_id"]: row for row in models.read("candidates.scope_tier") if row["scope"] == "department"}
    assert own.keys() == whole.keys() != set()
    assert any(row["tier_raw"] != row["tier_computed"] for row in own.values())
    for customer, row in own.items():
        theirs = whole[customer]
        for name in ("tier_raw", "tier_computed", "is_margin_imputed", *SCOPE_SHARES):
            assert row[name] == theirs[name], (customer, name)
        assert row["scope_rank"] == theirs["company_rank"] == theirs["department_rank"]


def test_what_one_department_sells_moves_nobody_in_another(models: Models, module_warehouse: Warehouse) -> None:
    as_of = AS_OF_DATES[SCOPE_SEED]
    company = make_company(SCOPE_SEED, as_of)
    measured = reference.measure(company, Parameters(as_of))
    # a referral carries revenue from one customer's department into another's score
    company = {entity: rows for entity, rows in company.items() if entity != "collaboration"}
    company = _departments(company, measured, lambda number: f"D{number % 3}")
    _scope_night(models, module_warehouse, company)

    def rows() -> dict[tuple[object, ...], Row]:
        found = [row for row in models.read("candidates.scope_tier") if row["scope"] == "department"]
        return {(row["scope_id"], row["customer_id"]): row for row in found}

    def company_shares() -> dict[object, object]:
        return {row["customer_id"]: row["margin_share"] for row in models.read("candidates.customer_tier")}

    before, shares_before = rows(), company_shares()
    first = {row["customer_id"] for row in company["customer"] if row["sales_department"] == "D0"}
    orders = {row["order_id"] for row in company["sales_order"] if row["customer_id"] in first}
    grown = [
        row | {"quantity": row["quantity"] * 7} if row["order_id"] in orders and row["quantity"] is not None else row
        for row in company["sales_order_line"]
    ]
    # the calibration stays: a score moves only because the customer moved
    parameters = Parameters(as_of)
    driver.land(module_warehouse.engine, company | {"sales_order_line": grown})
    driver.set_night(module_warehouse.engine, parameters)
    calibration = given_calibration(SCOPE_SEED, reference.measure(company, parameters))
    driver.set_calibration(module_warehouse.engine, calibration, parameters, 1)
    given, _ = given_before(SCOPE_SEED, reference.measure(company, parameters))
    driver.set_before(module_warehouse.engine, given, [])
    models.run()
    after = rows()
    assert company_shares() != shares_before
    others = {key for key in before if key[0] != "D0"}
    assert others == {key for key in after if key[0] != "D0"} != set()
    assert {key: after[key] for key in others} == {key: before[key] for key in others}
    for scope in ("D0", "D1", "D2"):
        assert sum(row["margin_share"] for key, row in after.items() if key[0] == scope) == pytest.approx(1)


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
