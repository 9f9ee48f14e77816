"""A night evaluated aside says what the night's own build says, and leaves nothing of it changed or behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipelines import evaluate, transform
from pipelines.evaluate.aside import PURPOSES
from pipelines.night import ledger
from pipelines.transform.dbt import LAYERS
from pipelines.warehouse.schema import LANDING, LANDING_HISTORY
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.integration.method.nights import given_before, given_calibration, parameters_for
from tests.reference import night as reference
from tests.reference.companies import AS_OF_DATES, make_company

SEED = 3
AS_OF = AS_OF_DATES[SEED]
CANDIDATES = ("customer_tier", "customer_indicator", "customer_indicator_wide", "tier_summary", "tier_transition")


def _rows(warehouse: Warehouse, relation: str) -> list[str]:
    with warehouse.engine.connect() as connection:
        return sorted(connection.scalars(sa.text(f"select to_jsonb(t)::text from {relation} as t")))


@pytest.fixture(scope="module")
def built(module_warehouse: Warehouse) -> Warehouse:
    """A random company's night, built by dbt as every night is."""
    company = make_company(SEED, AS_OF)
    measured = reference.measure(company, parameters_for(SEED, AS_OF))
    before, overrides = given_before(SEED, measured)
    calibration = given_calibration(SEED, measured)
    driver.land(module_warehouse.engine, company)
    driver.set_night(module_warehouse.engine, measured.facts.parameters)
    driver.set_calibration(module_warehouse.engine, calibration, measured.facts.parameters, len(measured.values))
    driver.set_before(module_warehouse.engine, before, overrides)
    for layer in LAYERS:
        transform.build_layer(module_warehouse.settings, layer)
    return module_warehouse


def _schemas(warehouse: Warehouse) -> set[str]:
    return set(sa.inspect(warehouse.engine).get_schema_names())


def test_aside_the_models_say_what_the_night_says_twice_over(built):
    with evaluate.aside(built.settings, built.engine, "comparison") as evaluation:
        for _ in range(2):
            evaluation.run()
            for table in CANDIDATES:
                found = _rows(built, evaluation.relation(f"candidates.{table}"))
                assert found == _rows(built, f"candidates.{table}"), table
                assert found
    assert not any(name.startswith("comparison_") for name in _schemas(built))


def test_another_date_aside_changes_nothing_of_the_night(built):
    before = {table: _rows(built, f"candidates.{table}") for table in CANDIDATES}
    with evaluate.aside(built.settings, built.engine, "comparison") as evaluation:
        with built.engine.connect() as connection:
            night = connection.scalar(sa.text("select to_jsonb(night) from control.night"))
        evaluation.set_night(night | {"as_of_date": AS_OF - timedelta(days=400)})
        evaluation.run(for_models=["tier_customer"])
        other = _rows(built, evaluation.relation("tiers.tier_customer"))
        with pytest.raises(sa.exc.ProgrammingError):
            _rows(built, evaluation.relation("candidates.customer_tier"))
    assert other
    assert other != _rows(built, "tiers.tier_customer")
    assert {table: _rows(built, f"candidates.{table}") for table in CANDIDATES} == before


def test_one_evaluation_a_purpose_and_a_night_may_begin_meanwhile(built):
    with evaluate.aside(built.settings, built.engine, "comparison"):
        with (
            pytest.raises(evaluate.AsideBusy, match="comparison"),
            evaluate.aside(built.settings, built.engine, "comparison"),
        ):
            raise AssertionError("two at once")
        with evaluate.aside(built.settings, built.engine, "measurement"), ledger.exclusive(built.engine):
            assert evaluate.drop_leftovers(built.engine) == []


def test_what_a_killed_evaluation_left_is_dropped_and_what_is_kept_is_not(built):
    with evaluate.aside(built.settings, built.engine, "replay", keep=["candidates"]) as evaluation:
        evaluation.run(layers=["staging"])
    assert evaluate.drop_leftovers(built.engine) == []
    assert [name for name in _schemas(built) if name.startswith("replay_")] == ["replay_candidates"]
    with built.engine.begin() as connection:
        connection.execute(sa.text("create schema measurement_landing; create schema measurement_control"))
    assert evaluate.drop_leftovers(built.engine) == ["measurement"]
    assert not any(name.startswith("measurement_") for name in _schemas(built))
    assert {"replay", "measurement"} <= set(PURPOSES)


def test_landing_aside_is_what_was_known_at_the_instant(built):
    """One key changed and changed back, one deleted, one that came late: at each instant the version of that time."""
    hour = timedelta(hours=1)
    first = datetime(2025, 8, 1, tzinfo=UTC)  # after all else was landed
    table = LANDING["product"]
    values = {"source_system": "canonical", "product_family": "plate"}
    with built.engine.begin() as connection:
        connection.execute(sa.insert(table), [
            values | {"product_id": "changed", "product_name": "third", "extracted_at": first + 2 * hour},
            values | {"product_id": "late", "product_name": "late", "extracted_at": first + hour},
        ])  # fmt: skip
        for key, name, begun, ended, by in (
            ("changed", "first", 0, 1, "update"),
            ("changed", "second", 1, 2, "update"),
            ("gone", "gone", 0, 2, "delete"),
        ):
            version = values | {"product_id": key, "product_name": name, "extracted_at": first + begun * hour}
            ending = {"known_to": first + ended * hour, "superseded_by": by, "run_id": "test"}
            connection.execute(sa.insert(LANDING_HISTORY["product"]).values(version | ending))
    expected = {
        timedelta(0) - timedelta(microseconds=1): {},
        timedelta(0): {"changed": "first", "gone": "gone"},
        hour - timedelta(microseconds=1): {"changed": "first", "gone": "gone"},
        hour: {"changed": "second", "gone": "gone", "late": "late"},
        2 * hour: {"changed": "third", "late": "late"},
    }
    for after, names in expected.items():
        with evaluate.aside(built.settings, built.engine, "replay", known_at=first + after) as evaluation:
            relation = evaluation.relation("landing.product")
            with built.engine.connect() as connection:
                found = connection.execute(
                    sa.text(f"select product_id, product_name from {relation} where extracted_at >= :first"),
                    {"first": first},
                )
                assert {row.product_id: row.product_name for row in found} == names, after
