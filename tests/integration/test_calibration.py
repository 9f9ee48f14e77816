"""Calibration in the warehouse: reference points by the method's rules, version 1 made once, crash-safe, frozen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipelines.calibrate import CalibrationError, calibration_for, first_calibration, population, versions
from pipelines.calibrate.judgement_sets import JudgementSet
from pipelines.calibrate.population import ReferencePoints
from pipelines.calibrate.tree import WeighedNode
from pipelines.indicators import Indicator
from pipelines.warehouse.calibration_schema import (
    CALIBRATION,
    CALIBRATION_ACTIVATION,
    CALIBRATION_INDICATOR,
    CALIBRATION_JUDGEMENT_SET,
)
from pipelines.warehouse.schema import NIGHT
from tests.conftest import Warehouse

AS_OF = date(2025, 6, 30)
LAYERS = """
    create schema indicators;
    create schema intermediate;
    create schema scores;
    create table indicators.indicator_value (customer_id text, indicator_id text, value numeric);
    create table intermediate.int_customer_window (customer_id text);
    create table scores.score_indicator (customer_id text, indicator_id text, points double precision);
    create table scores.score_customer (
        customer_id text, current_value_score double precision, potential_value_score double precision
    )
"""


def indicator(indicator_id: str, scale: str, dimension: str = "current") -> Indicator:
    return Indicator(indicator_id, f"n_{indicator_id}", "n", "n", dimension, "g", "u", "higher", scale, "f")  # type: ignore[arg-type]


REGISTRY = (indicator("C01", "asinh"), indicator("P01", "linear", "potential"))


def equal_set(name: str, rule: dict[str, tuple[str, ...]], current: float) -> JudgementSet:
    shares = {
        "value": {"current": current, "potential": 1 - current},
        "current": {"g": 1.0}, "potential": {"g": 1.0}, "g": {"C01": 1.0, "P01": 1.0},
    }  # fmt: skip
    nodes = {node: WeighedNode(node, weights, 0.0) for node, weights in shares.items()}
    return JudgementSet(name, "name", "名", "reason", rule, nodes)


SETS = [equal_set("trader", {"industry": ("trading",)}, 0.75), equal_set("default", {}, 0.5)]


@pytest.fixture
def layers(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A warehouse with a night, three active customers and what calibration reads; two indicators."""
    monkeypatch.setattr(versions, "load_indicators", lambda settings: REGISTRY)
    monkeypatch.setattr(versions, "read_sets", lambda names, indicators, folder: SETS)
    with warehouse.engine.begin() as connection:
        for statement in LAYERS.split(";"):
            connection.execute(sa.text(statement))
        set_night(connection, "run", AS_OF)
        for customer, value in (("a", -10), ("b", 0), ("c", 30)):
            connection.execute(sa.text("insert into intermediate.int_customer_window values (:id)"), {"id": customer})
            give(connection, "C01", [value])
    yield warehouse


def set_night(connection: sa.Connection, run_id: str, as_of: date) -> None:
    connection.execute(sa.delete(NIGHT))
    connection.execute(
        sa.insert(NIGHT).values(
            run_id=run_id, as_of_date=as_of, source_systems=["s"], company_time_zone="UTC", reporting_currency="CNY",
            active_window_months=24, capital_cost_rate=0, tier_scheme="three_tier", churn_horizon_days=180,
            churn_high_odds=4, churn_medium_odds=2,
        )
    )  # fmt: skip


def give(connection: sa.Connection, indicator_id: str, values: list[float | None]) -> None:
    statement = sa.text("insert into indicators.indicator_value values ('x', :id, :value)")
    connection.execute(statement, [{"id": indicator_id, "value": value} for value in values])


def builds_scores(warehouse: Warehouse, current: list[float], potential: list[float]) -> None:
    statement = sa.text("insert into scores.score_customer values ('x', :current, :potential)")
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("delete from scores.score_customer"))
        for one, other in zip(current, potential, strict=True):
            connection.execute(statement, {"current": one, "potential": other})


def points(warehouse: Warehouse, scale: str, values: list[float | None]) -> ReferencePoints:
    with warehouse.engine.begin() as connection:
        give(connection, "X01", values)
        return population.reference_points(connection, [indicator("X01", scale)])["X01"]


def test_reference_points_are_the_5th_and_95th_percentile(layers: Warehouse) -> None:
    """Of 0 to 40: 2 and 38; nulls do not count."""
    assert points(layers, "linear", [None, None, *map(float, range(41))]) == ReferencePoints(None, 2.0, 38.0)


def test_asinh_scales_by_the_median_size_of_what_is_not_zero(layers: Warehouse) -> None:
    """Sizes 2, 4, 6 without the zeros: s = 4."""
    found = points(layers, "asinh", [-2, 4, 6, 0, 0, None])
    assert found.s == 4.0
    ordered = [math.asinh(-2 / 4), 0.0, 0.0, math.asinh(1), math.asinh(1.5)]
    assert found.lo == pytest.approx(ordered[0] + 0.2 * (ordered[1] - ordered[0]), rel=1e-12)
    assert found.hi == pytest.approx(ordered[3] + 0.8 * (ordered[4] - ordered[3]), rel=1e-12)


def test_asinh_of_nothing_but_zeros_scales_by_1(layers: Warehouse) -> None:
    assert points(layers, "asinh", [0, 0, 0]) == ReferencePoints(1.0, 0.0, 0.0)


@pytest.mark.parametrize(("scale", "s"), [("asinh", 1.0), ("linear", None)])
def test_where_nobody_has_a_value_there_are_no_reference_points(layers: Warehouse, scale: str, s: float | None) -> None:
    assert points(layers, scale, [None, None]) == ReferencePoints(s, None, None)


def test_where_nine_tenths_hold_one_value_minimum_and_maximum_count(layers: Warehouse) -> None:
    """36 of 40 are nine tenths; the percentiles would be 0 and 3.05."""
    assert points(layers, "linear", [0.0] * 36 + [1.0, 2.0, 3.0, 4.0]) == ReferencePoints(None, 0.0, 4.0)


def test_just_under_nine_tenths_the_percentiles_count(layers: Warehouse) -> None:
    found = points(layers, "linear", [0.0] * 35 + [1.0, 2.0, 3.0, 4.0, 5.0])
    assert (found.lo, found.hi) == (0.0, pytest.approx(3.05))


def test_where_the_percentiles_coincide_minimum_and_maximum_count(layers: Warehouse) -> None:
    """Two values that differ by less than 1e-12 between the percentiles are one; neither holds nine tenths alone."""
    near = 1 + 5e-13
    values = [-7.0, *[1.0] * 30, *[near] * 30, 9.0]
    assert points(layers, "linear", values) == ReferencePoints(None, -7.0, 9.0)


def test_the_points_of_each_indicator_are_its_own_and_a_null_is_none(layers: Warehouse) -> None:
    """Ids in byte order, whatever order they were registered or stored in; one order of customers for all."""
    held = {
        ("a", "P01"): 1.0,
        ("a", "C01"): 2.0,
        ("b", "C01"): None,
        ("b", "P01"): 4.0,
        ("c", "P01"): 5.0,
        ("c", "C01"): 6.0,
    }
    with layers.engine.begin() as connection:
        for (customer, code), value in held.items():
            connection.execute(
                sa.text("insert into scores.score_indicator values (:customer, :code, :value)"),
                {"customer": customer, "code": code, "value": value},
            )
        found = population.points(connection, REGISTRY[::-1])
    assert list(found) == ["C01", "P01"]
    own = dict(zip(found["P01"], found["C01"], strict=True))
    assert own == pytest.approx({1.0: 2.0, 4.0: math.nan, 5.0: 6.0}, nan_ok=True)


def test_version_1_is_made_from_the_night_and_applies_to_it(layers: Warehouse) -> None:
    def build() -> None:
        builds_scores(layers, [10, 20, 60], [5, 6, 70])

    assert first_calibration(layers.settings, layers.engine, "run", build) == 1
    with layers.engine.connect() as connection:
        made = connection.execute(sa.select(CALIBRATION)).one()
        rows = connection.execute(sa.select(CALIBRATION_INDICATOR).order_by("judgement_set", "indicator_id")).all()
        activation = connection.execute(sa.select(CALIBRATION_ACTIVATION)).one()
        sets = connection.execute(sa.select(CALIBRATION_JUDGEMENT_SET).order_by("position")).all()
        night = connection.execute(sa.select(NIGHT)).one()
    assert (made.median_current_score, made.median_potential_score) == (20, 6)
    assert (made.population_date, made.population_customers) == (AS_OF, 3)
    assert (activation.version, activation.active_from_on, activation.author) == (1, AS_OF, made.author)
    assert made.author
    assert made.reason
    assert made.method
    assert night.calibration_version == 1
    assert [(row.judgement_set, row.indicator_id, row.nominal_weight, row.s) for row in rows] == [
        ("default", "C01", 0.5, 20.0), ("default", "P01", 0.5, None),
        ("trader", "C01", 0.75, 20.0), ("trader", "P01", 0.25, None),
    ]  # fmt: skip
    assert [(one.judgement_set, one.rule) for one in sets] == [("trader", {"industry": ["trading"]}), ("default", {})]
    assert sets[0].judgements["value"]["weights"] == {"current": 0.75, "potential": 0.25}
    assert (rows[1].lo, rows[1].hi, rows[1].transform) == (None, None, "linear")


def test_a_finished_version_is_never_made_again(layers: Warehouse) -> None:
    first_calibration(layers.settings, layers.engine, "run", lambda: builds_scores(layers, [1], [2]))
    with layers.engine.begin() as connection:
        set_night(connection, "later", date(2025, 7, 1))
        give(connection, "C01", [1000.0] * 10)

    def never() -> None:
        raise AssertionError("the scores were built again")

    assert first_calibration(layers.settings, layers.engine, "later", never) == 1
    with layers.engine.connect() as connection:
        assert connection.scalar(sa.select(NIGHT.c.calibration_version)) == 1
        assert connection.scalar(sa.select(CALIBRATION.c.population_date)) == AS_OF


def test_a_version_cut_short_is_replaced_by_the_next_run(layers: Warehouse) -> None:
    def crash() -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        first_calibration(layers.settings, layers.engine, "run", crash)
    with layers.engine.begin() as connection:
        assert calibration_for(connection, AS_OF) is None
        set_night(connection, "next", date(2025, 7, 1))
    version = first_calibration(layers.settings, layers.engine, "next", lambda: builds_scores(layers, [1], [2]))
    with layers.engine.connect() as connection:
        made = connection.execute(sa.select(CALIBRATION)).one()
        assert connection.scalar(sa.select(sa.func.count()).select_from(CALIBRATION_INDICATOR)) == 4
    assert (version, made.version, made.population_date) == (1, 1, date(2025, 7, 1))


def test_nobody_active_is_refused_with_the_cure(layers: Warehouse) -> None:
    with layers.engine.begin() as connection:
        connection.execute(sa.text("delete from intermediate.int_customer_window"))
    with pytest.raises(CalibrationError, match="no customer is active on 2025-06-30"):
        first_calibration(layers.settings, layers.engine, "run", lambda: None)
    with layers.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(CALIBRATION)) == 0


def test_a_superseded_run_makes_no_calibration(layers: Warehouse) -> None:
    with pytest.raises(CalibrationError, match="not the warehouse's current one"):
        first_calibration(layers.settings, layers.engine, "other", lambda: None)


def write_version(connection: sa.Connection, version: int) -> None:
    connection.execute(
        sa.insert(CALIBRATION).values(
            version=version, made_at=sa.func.now(), population_date=AS_OF, population_customers=Decimal(1),
            author="a", reason="r", method="m", median_current_score=50.0, median_potential_score=50.0,
        )
    )  # fmt: skip


def test_the_version_of_a_date_is_that_of_the_newest_activation_by_then_else_the_first(warehouse: Warehouse) -> None:
    """Version 4 was never activated; 1 is taken back into force in June."""
    activations = [(1, "2025-03-01"), (2, "2025-05-01"), (3, "2025-05-01"), (1, "2025-06-15")]
    with warehouse.engine.begin() as connection:
        assert calibration_for(connection, AS_OF) is None
        for version in (1, 2, 3, 4):
            write_version(connection, version)
        assert calibration_for(connection, AS_OF) is None
        for version, active_from in activations:
            connection.execute(
                sa.insert(CALIBRATION_ACTIVATION).values(
                    version=version, active_from_on=date.fromisoformat(active_from), activated_at=sa.func.now(),
                    author="a", reason="r",
                )
            )  # fmt: skip
        dates = ["2025-02-01", "2025-03-01", "2025-04-30", "2025-05-01", "2025-06-14", "2025-06-15", "2025-06-30"]
        found = [calibration_for(connection, date.fromisoformat(day)) for day in dates]
        assert found == [1, 1, 1, 3, 3, 1, 1]
