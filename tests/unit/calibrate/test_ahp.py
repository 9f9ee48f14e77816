"""Weights from pairwise judgements: what Saaty's method promises, and which judgement is the worst."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.calibrate import ahp

judged = st.one_of(st.floats(1, 9), st.floats(1 / 9, 1))
true_weights = st.lists(st.floats(0.05, 1), min_size=1, max_size=5)


def consistent(weights: list[float]) -> ahp.Matrix:
    column = np.array(weights)
    return column[:, None] / column[None, :]


@st.composite
def matrices(draw: st.DrawFn, least: int = 1) -> ahp.Matrix:
    size = draw(st.integers(least, ahp.MOST_CHILDREN))
    return ahp.reciprocal_matrix(size, {pair: draw(judged) for pair in combinations(range(size), 2)})


@given(true_weights)
def test_consistent_judgements_give_back_their_weights(weights: list[float]) -> None:
    matrix = consistent(weights)
    expected = [weight / sum(weights) for weight in weights]
    assert ahp.weights(matrix) == pytest.approx(expected, rel=1e-9)
    assert ahp.consistency_ratio(matrix) == pytest.approx(0, abs=1e-9)


@given(matrices())
def test_weights_are_positive_and_sum_to_1(matrix: ahp.Matrix) -> None:
    weights = ahp.weights(matrix)
    assert all(weight > 0 and math.isfinite(weight) for weight in weights)
    assert sum(weights) == pytest.approx(1, abs=1e-12)
    assert ahp.consistency_ratio(matrix) >= 0


@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_the_children_does_not_matter(matrix: ahp.Matrix, dice) -> None:  # type: ignore[no-untyped-def]
    order = list(range(len(matrix)))
    dice.shuffle(order)
    shuffled = matrix[np.ix_(order, order)]
    assert ahp.weights(shuffled) == pytest.approx([ahp.weights(matrix)[place] for place in order], rel=1e-6)
    assert ahp.consistency_ratio(shuffled) == pytest.approx(ahp.consistency_ratio(matrix), abs=1e-6)


@given(matrices())
def test_the_opposite_judgements_turn_the_order_round(matrix: ahp.Matrix) -> None:
    """The reversed matrix need not give reciprocal weights, but it is as consistent."""
    assert ahp.consistency_ratio(matrix.T) == pytest.approx(ahp.consistency_ratio(matrix), abs=1e-6)


@given(st.lists(st.floats(0.2, 1), min_size=4, max_size=5), st.data())
def test_the_one_wrong_judgement_is_named_with_what_the_others_imply(weights: list[float], data: st.DataObject) -> None:
    matrix = consistent(weights)
    row, column = data.draw(st.sampled_from(list(combinations(range(len(weights)), 2))))
    right = matrix[row, column]
    matrix[row, column] = right * 20
    matrix[column, row] = 1 / matrix[row, column]
    worst = ahp.worst_judgement(matrix)
    assert {worst.row, worst.column} == {row, column}
    assert worst.given == pytest.approx(matrix[worst.row, worst.column])
    assert worst.given >= 1
    assert worst.implied == pytest.approx(right if worst.row == row else 1 / right, rel=1e-6)
    assert worst.ratio_if_mended == pytest.approx(0, abs=1e-6)


def test_of_three_children_the_boldest_judgement_is_named() -> None:
    matrix = ahp.reciprocal_matrix(3, {(0, 1): 2, (1, 2): 2, (2, 0): 3})
    worst = ahp.worst_judgement(matrix)
    assert (worst.row, worst.column, worst.given) == (2, 0, 3)
    assert worst.implied == pytest.approx(0.25)


def test_of_three_children_the_eigenvalue_has_a_closed_form() -> None:
    """1 + r + 1 / r with r the cube root of a13 / (a12 x a23); the ratio divides by Saaty's random index 0.58."""
    matrix = ahp.reciprocal_matrix(3, {(0, 1): 2, (1, 2): 2, (0, 2): 7})
    _, largest = ahp.principal_eigenvector(matrix)
    root = (7 / 4) ** (1 / 3)
    assert largest == pytest.approx(1 + root + 1 / root, rel=1e-12)
    assert ahp.consistency_ratio(matrix) == pytest.approx((root + 1 / root - 2) / 2 / 0.58, rel=1e-9)


@pytest.mark.parametrize(
    ("size", "judgements", "message"),
    [
        (6, {}, "1 to 5"),
        (0, {}, "1 to 5"),
        (2, {}, "not judged"),
        (2, {(0, 1): 3, (1, 0): 3}, "twice"),
        (2, {(0, 0): 3}, "twice"),
        (2, {(0, 1): 0}, "above 0"),
        (2, {(0, 1): -2}, "above 0"),
        (2, {(0, 1): math.nan}, "above 0"),
    ],
)
def test_what_is_no_matrix_of_judgements_is_refused(
    size: int, judgements: dict[tuple[int, int], float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ahp.reciprocal_matrix(size, judgements)


def test_two_children_cannot_contradict_each_other() -> None:
    matrix = ahp.reciprocal_matrix(2, {(0, 1): 9})
    assert ahp.consistency_ratio(matrix) == 0
    with pytest.raises(ValueError, match="fewer than three"):
        ahp.worst_judgement(matrix)


@given(matrices(3))
def test_mending_the_worst_judgement_never_makes_it_worse_and_no_other_value_mends_more(matrix: ahp.Matrix) -> None:
    worst = ahp.worst_judgement(matrix)
    assert worst.ratio_if_mended <= ahp.consistency_ratio(matrix) + 1e-9
    assert 1 / ahp.BOLDEST - 1e-9 <= worst.implied <= ahp.BOLDEST + 1e-9
    for row, column in combinations(range(len(matrix)), 2):
        for value in (1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 9):
            other = matrix.copy()
            other[row, column], other[column, row] = value, 1 / value
            assert worst.ratio_if_mended <= ahp.consistency_ratio(other) + 1e-7


@given(matrices(4))
def test_the_mended_matrix_has_the_ratio_that_was_promised(matrix: ahp.Matrix) -> None:
    worst = ahp.worst_judgement(matrix)
    mended = matrix.copy()
    mended[worst.row, worst.column], mended[worst.column, worst.row] = worst.implied, 1 / worst.implied
    assert ahp.consistency_ratio(mended) == pytest.approx(worst.ratio_if_mended, abs=1e-9)


@pytest.mark.parametrize(("size", "random_index"), [(3, 0.58), (4, 0.90), (5, 1.12)])
def test_the_ratio_is_the_index_over_saatys_of_random_judgements(size: int, random_index: float) -> None:
    """And 0.10 is the method's limit."""
    pairs = {pair: 1 + 2.0 * place for place, pair in enumerate(combinations(range(size), 2))}
    matrix = ahp.reciprocal_matrix(size, {pair: min(9.0, value) for pair, value in pairs.items()})
    largest = max(np.linalg.eigvals(matrix).real)
    assert ahp.consistency_ratio(matrix) == pytest.approx((largest - size) / (size - 1) / random_index, rel=1e-9)
    assert ahp.CONSISTENCY_LIMIT == 0.10
