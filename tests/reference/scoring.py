"""Effective weights, contributions, scores, bounds, coverage, ranks, quadrant and lifecycle stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.reference.calibration import INDICATORS, Calibration, percentile, points, reference_points

Values = Mapping[str, Fraction | float | None]
"""Indicator id -> value of one customer."""

SCORE_DECIMALS = 9


@dataclass(frozen=True)
class Score:
    """One active customer's scores; dictionaries by indicator id, without the ids that are null."""

    points: Mapping[str, float]
    effective_weights: Mapping[str, float]
    contributions: Mapping[str, float]
    value_score: float
    current_value_score: float | None
    potential_value_score: float | None
    value_score_low: float
    value_score_high: float
    coverage: float


def _share_out(weight: float, nominal: Mapping[str, float], present: Iterable[str]) -> dict[str, float]:
    """The weight over those present, in proportion to their nominal weights; nothing where these sum to 0."""
    total = sum(nominal[name] for name in present)
    return {name: weight * nominal[name] / total for name in present} if total > 0 else {}


def _inside_dimension(
    weight: float, nominal: Mapping[str, float], present: set[str], dimension: str
) -> dict[str, float]:
    """Effective weights of a dimension's present indicators, which sum to `weight` unless it is empty."""
    groups: dict[str, set[str]] = defaultdict(set)
    for code, indicator in INDICATORS.items():
        if indicator.dimension == dimension:
            groups[indicator.group].add(code)
    group_weight = {group: sum(nominal[code] for code in codes) for group, codes in groups.items()}
    held = {group for group, codes in groups.items() if sum(nominal[code] for code in codes & present) > 0}
    effective: dict[str, float] = {}
    for group, handed in _share_out(weight, group_weight, held).items():
        effective |= _share_out(handed, nominal, groups[group] & present)
    return effective


def effective_weights(weights: Mapping[str, float], present: set[str]) -> dict[str, float]:
    """Nulls inside their group, empty groups inside their dimension, an empty dimension to the other one."""
    nominal: dict[str, float] = defaultdict(float)
    held: set[str] = set()
    for code, indicator in INDICATORS.items():
        nominal[indicator.dimension] += weights[code]
        if code in present and weights[code] > 0:
            held.add(indicator.dimension)
    whole = sum(nominal.values())
    effective: dict[str, float] = dict.fromkeys(present, 0.0)
    for dimension, weight in _share_out(whole, nominal, held).items():
        effective |= _inside_dimension(weight, weights, present, dimension)
    return effective


def score(values: Values, calibration: Calibration) -> Score:
    """The scores of one active customer."""
    weights = calibration.weights
    held = {
        code: points(INDICATORS[code], calibration.references[code], float(value))
        for code, value in values.items()
        if value is not None
    }
    effective = effective_weights(weights, set(held))
    contributions = {code: effective[code] * held[code] for code in held}
    inside: dict[str, float | None] = {}
    for dimension in ("current", "potential"):
        own = [code for code in held if INDICATORS[code].dimension == dimension]
        weight = sum(effective[code] for code in own)
        inside[dimension] = sum(contributions[code] for code in own) / weight if weight > 0 else None
    low = sum(weights[code] * held[code] for code in held)
    coverage = sum(weights[code] for code in held)
    missing = sum(weights[code] for code in values if code not in held)
    return Score(
        held,
        effective,
        contributions,
        sum(contributions.values()),
        inside["current"],
        inside["potential"],
        low,
        low + 100 * missing,
        coverage,
    )


def calibrate(population: Iterable[Values], weights: Mapping[str, float]) -> Calibration:
    """A calibration from the active customers' values, with given nominal weights."""
    customers = list(population)
    references = {}
    for code, indicator in INDICATORS.items():
        known = [float(value) for values in customers if (value := values[code]) is not None]
        references[code] = reference_points(indicator.scale, known)
    calibration = Calibration(weights, references)
    scores = [score(values, calibration) for values in customers]
    current = [s.current_value_score for s in scores if s.current_value_score is not None]
    potential = [s.potential_value_score for s in scores if s.potential_value_score is not None]
    return replace(
        calibration,
        median_current=percentile(current, 0.5) if current else None,
        median_potential=percentile(potential, 0.5) if potential else None,
    )


def best_first(scores: Mapping[str, Score]) -> list[str]:
    """Customer ids by value score, best first; scores compare rounded, ties by id."""
    return sorted(scores, key=lambda customer: (-round(scores[customer].value_score, SCORE_DECIMALS), customer))


def ranks(scores: Mapping[str, Score], book_of: Callable[[str], str | None]) -> dict[str, int]:
    """1 is best, inside each book; customers whose book is None have no rank."""
    reached: dict[str, int] = defaultdict(int)
    found = {}
    for customer in best_first(scores):
        book = book_of(customer)
        if book is not None:
            reached[book] += 1
            found[customer] = reached[book]
    return found


def _is_high(own: float | None, median: float | None) -> bool:
    """At or above the median; a dimension that is empty for the customer is not."""
    return own is not None and median is not None and round(own, SCORE_DECIMALS) >= round(median, SCORE_DECIMALS)


def quadrant(one: Score, calibration: Calibration) -> str:
    """Against the calibration's medians."""
    high_current = _is_high(one.current_value_score, calibration.median_current)
    high_potential = _is_high(one.potential_value_score, calibration.median_potential)
    return {
        (True, True): "star",
        (True, False): "mainstay",
        (False, True): "rising",
        (False, False): "basic",
    }[high_current, high_potential]


def lifecycle_stage(has_line: bool, is_active: bool, is_first_inside_12m: bool, growth: Fraction | None) -> str:
    """The first that fits; `growth` is P01."""
    if not has_line:
        return "prospect"
    if not is_active:
        return "lapsed"
    if is_first_inside_12m:
        return "new"
    if growth is not None and growth >= Fraction(1, 10):
        return "growing"
    if growth is not None and growth <= Fraction(-1, 10):
        return "declining"
    return "stable"
