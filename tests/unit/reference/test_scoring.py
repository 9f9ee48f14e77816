"""Percentiles, points, weights handed over, bounds, ranks, quadrants, stages: against hand-computed cases."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.reference.calibration import (
    INDICATORS,
    Calibration,
    ReferencePoints,
    percentile,
    points,
    reference_points,
)
from tests.reference.scoring import Score, best_first, effective_weights, lifecycle_stage, quadrant, ranks, score

EVEN = dict.fromkeys(INDICATORS, 1 / 30)
UNIT = dict.fromkeys(INDICATORS, ReferencePoints(None, 0.0, 1.0))
HIGHER, LOWER = INDICATORS["C02"], INDICATORS["C10"]


def test_percentile_lies_between_the_neighbours_of_share_times_n_less_one() -> None:
    assert percentile([40, 10, 30, 20], 0.05) == pytest.approx(10 + 0.15 * 10)
    assert percentile([40, 10, 30, 20], 0.5) == 25
    assert percentile([7], 0.95) == 7


def test_scale_is_the_median_size_of_what_is_not_zero() -> None:
    reference = reference_points("asinh", [0.0, -2.0, 4.0, 6.0])
    assert reference.s == 4
    assert reference.lo == pytest.approx(math.asinh(-0.5) + 0.15 * (0 - math.asinh(-0.5)))
    assert reference_points("asinh", [0.0, 0.0]).s == 1
    assert reference_points("linear", [3.0]).s is None


def test_extremes_hold_where_nine_in_ten_have_one_value() -> None:
    assert reference_points("linear", [0.0] * 9 + [5.0]) == ReferencePoints(None, 0, 5)
    spread = reference_points("linear", [0.0] * 8 + [4.0, 5.0])
    assert spread.hi == pytest.approx(4 + 0.55)


def test_nobody_with_a_value_leaves_no_reference_points() -> None:
    assert reference_points("linear", []) == ReferencePoints(None, None, None)
    assert points(HIGHER, ReferencePoints(None, None, None), 12.0) == 50


def test_points_are_clamped_and_turned_where_lower_is_better() -> None:
    reference = ReferencePoints(None, 2.0, 4.0)
    assert [points(HIGHER, reference, value) for value in (1, 2, 3.5, 4, 9)] == [0, 0, 75, 100, 100]
    assert [points(LOWER, reference, value) for value in (1, 2, 3.5, 4, 9)] == [100, 100, 25, 0, 0]


def test_one_reference_value_for_all_tells_better_from_worse() -> None:
    reference = ReferencePoints(None, 3.0, 3.0 + 1e-13)
    assert [points(HIGHER, reference, value) for value in (2, 3, 4)] == [0, 50, 100]
    assert [points(LOWER, reference, value) for value in (2, 3, 4)] == [100, 50, 0]


def test_all_present_weigh_what_they_nominally_weigh() -> None:
    assert effective_weights(EVEN, set(INDICATORS)) == pytest.approx(EVEN)


def test_a_null_hands_over_inside_its_group() -> None:
    effective = effective_weights(EVEN, set(INDICATORS) - {"C15"})
    assert effective["C16"] == pytest.approx(2 / 30)
    assert effective["C01"] == pytest.approx(1 / 30)


def test_an_empty_group_hands_over_inside_its_dimension() -> None:
    effective = effective_weights(EVEN, set(INDICATORS) - {"C12", "C13", "C14"})
    assert effective["C01"] == pytest.approx(1 / 30 * 16 / 13)
    assert effective["P01"] == pytest.approx(1 / 30)


def test_an_empty_dimension_hands_over_to_the_other() -> None:
    effective = effective_weights(EVEN, {"C01", "C05"})
    # groups of four indicators each share the whole evenly
    assert effective == pytest.approx({"C01": 0.5, "C05": 0.5})


def test_weightless_indicators_do_not_keep_a_group_or_dimension_alive() -> None:
    weights = EVEN | {"C16": 0.0}
    assert effective_weights(weights, set(INDICATORS) - {"C15"})["C16"] == 0
    assert sum(effective_weights(weights, set(INDICATORS) - {"C15"}).values()) == pytest.approx(sum(weights.values()))
    only_current = {code: 1 / 16 if code < "P" else 0.0 for code in INDICATORS}
    result = score(dict.fromkeys(INDICATORS, Fraction(1, 2)), Calibration(only_current, UNIT))
    assert result.potential_value_score is None
    assert result.value_score == pytest.approx(50)


def test_score_is_the_sum_of_its_contributions_and_lies_inside_its_bounds() -> None:
    values = dict.fromkeys(INDICATORS, None) | {"C01": Fraction(1), "P01": Fraction(1, 4)}
    result = score(values, Calibration(EVEN, UNIT))
    assert result.value_score == pytest.approx(100 * 16 / 30 + 25 * 14 / 30)
    assert (result.current_value_score, result.potential_value_score) == (pytest.approx(100), pytest.approx(25))
    assert result.coverage == pytest.approx(2 / 30)
    assert result.value_score_low == pytest.approx(125 / 30)
    assert result.value_score_high == pytest.approx((125 + 2800) / 30)


def _scored(value: float) -> Score:
    return Score({}, {}, {}, value, value, value, value, value, 1.0)


def test_ranks_break_ties_by_id_after_nine_decimals() -> None:
    scores = {"b": _scored(50), "a": _scored(50 - 1e-11), "ä": _scored(50), "B": _scored(50), "c": _scored(60)}
    assert best_first(scores) == ["c", "B", "a", "b", "ä"]
    assert ranks(scores, lambda customer: None if customer == "c" else "book") == {"B": 1, "a": 2, "b": 3, "ä": 4}


def test_quadrant_counts_the_median_itself_as_high() -> None:
    calibration = Calibration(EVEN, UNIT, median_current=50.0, median_potential=50.0)
    at = _scored(50)
    assert quadrant(at, calibration) == "star"
    assert quadrant(replace(at, potential_value_score=49.0), calibration) == "mainstay"
    assert quadrant(replace(at, current_value_score=49.0), calibration) == "rising"
    assert quadrant(_scored(49), calibration) == "basic"
    assert quadrant(replace(at, potential_value_score=None), calibration) == "mainstay"


@pytest.mark.parametrize(
    ("has_line", "is_active", "is_new", "growth", "stage"),
    [
        (False, False, False, None, "prospect"),
        (True, False, True, None, "lapsed"),
        (True, True, True, None, "new"),
        (True, True, False, Fraction(1, 10), "growing"),
        (True, True, False, Fraction(-1, 10), "declining"),
        (True, True, False, Fraction(99, 1000), "stable"),
        (True, True, False, None, "stable"),
    ],
)
def test_lifecycle_is_the_first_stage_that_fits(
    has_line: bool, is_active: bool, is_new: bool, growth: Fraction | None, stage: str
) -> None:
    assert lifecycle_stage(has_line, is_active, is_new, growth) == stage
