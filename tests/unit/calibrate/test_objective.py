"""Objective weights: what the two methods say by hand, and that nothing that real data holds turns them into NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipelines.calibrate.objective import (
    LEAST_CUSTOMERS,
    METHODS,
    blend_tree,
    blended,
    critic,
    entropy,
    information,
)

methods = st.sampled_from(sorted(METHODS))


@st.composite
def populations(draw: st.DrawFn, least: int = 0, most: int = 60) -> np.ndarray:
    """Points with nulls, columns that are alike for everybody, copies of other columns."""
    customers, columns = draw(st.integers(least, most)), draw(st.integers(1, 5))
    points = draw(arrays.arrays(float, (customers, columns), elements=st.floats(0, 100)))
    points[draw(arrays.arrays(bool, (customers, columns)))] = np.nan
    for column in range(columns):
        kind = draw(st.sampled_from(["as drawn", "constant", "copy", "null"]))
        if kind == "constant":
            points[:, column] = draw(st.floats(0, 100))
        elif kind == "copy":
            points[:, column] = points[:, 0]
        elif kind == "null":
            points[:, column] = np.nan
    return points


@st.composite
def judged(draw: st.DrawFn, columns: int) -> np.ndarray:
    drawn = np.array(draw(st.lists(st.floats(0.01, 1), min_size=columns, max_size=columns)))
    return drawn / drawn.sum()


@given(populations(), methods, st.data())
def test_weights_are_numbers_above_0_that_sum_to_1(points: np.ndarray, method: str, data: st.DataObject) -> None:
    found = information(points, method)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    weights = blended(data.draw(judged(points.shape[1])), found)
    assert np.isfinite(weights).all()
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@given(populations(least=LEAST_CUSTOMERS), methods, st.data())
def test_the_order_of_customers_and_columns_does_not_matter(
    points: np.ndarray, method: str, data: st.DataObject
) -> None:
    weights = data.draw(judged(points.shape[1]))
    columns = data.draw(st.permutations(range(points.shape[1])))
    rows = data.draw(st.permutations(range(len(points))))
    straight = blended(weights, information(points, method))
    shuffled = blended(weights[columns], information(points[np.ix_(rows, columns)], method))
    assert shuffled == pytest.approx(straight[columns], rel=1e-5, abs=1e-9)


@given(populations(least=LEAST_CUSTOMERS), methods, st.floats(0, 100), st.data())
def test_a_column_that_is_alike_for_everybody_keeps_its_judged_weight(
    points: np.ndarray, method: str, value: float, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, points.shape[1] - 1))
    points[:, column] = value
    weights = data.draw(judged(points.shape[1]))
    found = information(points, method)
    assert found[column] == 0
    assert blended(weights, found)[column] == pytest.approx(weights[column], rel=1e-9)


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("known", [LEAST_CUSTOMERS - 1, LEAST_CUSTOMERS])
def test_a_column_that_fewer_than_30_have_keeps_its_judged_weight(method: str, known: int) -> None:
    dice = np.random.default_rng(1)
    points = dice.uniform(0, 100, (100, 3))
    points[known:, 0] = np.nan
    found = information(points, method)
    assert (found[0] > 0) == (known >= LEAST_CUSTOMERS)
    assert (found[1:] > 0).all()


def test_critic_is_spread_times_contrast() -> None:
    """By hand: a and b agree, c runs against both; standard deviations 50, 25 and 50."""
    pattern = np.tile([0.0, 100.0], 20)
    points = np.column_stack([pattern, pattern / 2, 100 - pattern])
    assert critic(points) == pytest.approx([50 * (0 + 2), 25 * (0 + 2), 50 * (2 + 2)])


def test_columns_that_all_say_the_same_keep_their_judged_weights() -> None:
    points = np.linspace(0, 100, 50)[:, None] * np.array([1.0, 0.5, 0.1])
    weights = np.array([0.5, 0.3, 0.2])
    assert blended(weights, information(points, "critic")) == pytest.approx(weights)


def test_entropy_is_what_is_missing_to_an_even_share() -> None:
    """Two of four hold everything: ln 2 / ln 4 of the most there is."""
    assert entropy(np.array([[50.0, 10.0], [50.0, 10.0], [0.0, 10.0], [0.0, 10.0]])) == pytest.approx(
        [1 - math.log(2) / math.log(4), 0], abs=1e-12
    )


def test_the_blend_is_judged_to_0_7_times_objective_to_0_3() -> None:
    weights = blended(np.array([0.6, 0.3, 0.1]), np.array([1.0, 4.0, 0.0]))
    raw = np.array([0.6**0.7, 0.3**0.7 * 4**0.3])
    assert weights == pytest.approx([*(raw / raw.sum() * 0.9), 0.1])


def test_a_value_below_0_is_shifted_and_gives_a_weight() -> None:
    points = np.linspace(-50, 50, 40)[:, None]
    assert information(points, "entropy")[0] > 0


def test_an_inner_node_is_weighed_by_the_scores_of_its_children() -> None:
    """`flat` holds two columns that cancel out: its scores are alike for everybody, so it keeps its judged weight."""
    dice = np.random.default_rng(2)
    up = dice.uniform(0, 100, 200)
    points = {"A": up, "B": 100 - up, "C": dice.uniform(0, 100, 200), "D": dice.uniform(0, 100, 200)}
    tree = {
        "value": {"flat": 0.3, "lively": 0.5, "other": 0.2}, "flat": {"A": 0.5, "B": 0.5}, "lively": {"C": 1.0},
        "other": {"D": 1.0},
    }  # fmt: skip
    found = blend_tree(tree, points, "critic")
    assert found.shares["value"]["flat"] == pytest.approx(0.3)
    assert found.objective["value"]["flat"] == 0
    assert {"flat", "C", "D"} == set(found.unheard)
    assert all(sum(node.values()) == pytest.approx(1) for node in found.shares.values())
    assert found.shares["value"]["lively"] != pytest.approx(0.5, abs=1e-6)


@given(populations(least=LEAST_CUSTOMERS), methods)
def test_a_customer_without_any_value_of_a_node_leaves_it_out(points: np.ndarray, method: str) -> None:
    names = [f"I{position}" for position in range(points.shape[1])]
    tree = {"value": {"group": 0.5, "rest": 0.5}, "group": dict.fromkeys(names, 1 / len(names)), "rest": {"R": 1.0}}
    columns = {name: points[:, position] for position, name in enumerate(names)}
    found = blend_tree(tree, columns | {"R": np.linspace(0, 100, len(points))}, method)
    for node in (*found.shares.values(), *found.objective.values()):
        assert all(math.isfinite(weight) and weight >= 0 for weight in node.values())
        assert sum(node.values()) == pytest.approx(1, abs=1e-9)


def test_who_has_no_value_is_left_out_of_an_even_share() -> None:
    assert entropy(np.array([[5.0], [5.0], [5.0], [np.nan]])) == pytest.approx([0.0], abs=1e-12)
    assert LEAST_CUSTOMERS == 30


def test_a_null_hands_its_weight_over_in_the_column_of_an_inner_node() -> None:
    dice = np.random.default_rng(3)
    x, y, z = dice.uniform(0, 100, (3, 60))
    y[::2] = np.nan
    judged = {"value": {"a": 0.6, "b": 0.4}, "a": {"x": 0.5, "y": 0.5}, "b": {"z": 1.0}}
    result = blend_tree(judged, {"x": x, "y": y, "z": z}, "entropy")
    own = result.shares["a"]
    inner = np.where(np.isnan(y), x, own["x"] * x + own["y"] * np.nan_to_num(y))
    expected = blended(np.array([0.6, 0.4]), information(np.column_stack([inner, z]), "entropy"))
    assert list(result.shares["value"].values()) == pytest.approx(list(expected))


def test_a_pair_that_too_few_have_both_of_is_not_known_to_agree() -> None:
    """Of 100 customers 55 have each column, and the 10 that have both would make them one and the same."""
    both = np.full((100, 2), np.nan)
    both[:55, 0] = both[45:, 1] = np.linspace(0, 100, 55)
    both[45:55, 1] = both[45:55, 0]
    assert critic(both) == pytest.approx(np.nanstd(both, axis=0))


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize(("spread", "is_heard"), [(1e-3, True), (1e-10, False)])
def test_a_small_spread_is_heard_and_rounding_is_not(method: str, spread: float, is_heard: bool) -> None:
    dice = np.random.default_rng(4)
    points = np.column_stack([50 + spread * dice.uniform(-1, 1, 200), dice.uniform(0, 100, 200)])
    assert (information(points, method)[0] > 0) == is_heard
