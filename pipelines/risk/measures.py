"""How well scores told who would leave: AUC, lift, Brier, calibration, lost margin flagged; intervals by customer.

Every measure takes weights (one a customer-slice), so that a bootstrap over customers is a matter of weights. Equal
scores share their places. The published track record says the same in SQL (`churn_record_group`); a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

TOP_SHARE = 0.1
BINS = 10
RESAMPLES = 500


@dataclass(frozen=True)
class Outcomes:
    """What came of customer-slices: `churned`, the margin in the 12 months before, and whose they are (0, 1, ...)."""

    churned: Bools
    margin: Floats
    customer: Ints


@dataclass(frozen=True)
class Scores:
    """One score a customer-slice, higher = more likely to leave, and whether it was flagged (high or medium)."""

    value: Floats
    flagged: Bools | None = None


class _Ranking:
    """Scores in ascending order, equal ones as one group."""

    def __init__(self, value: Floats) -> None:
        self.order = np.argsort(value, kind="stable")
        ordered = value[self.order]
        self.starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))

    def sums(self, amounts: Floats) -> Floats:
        """Sum of the amounts by group, ascending."""
        return np.add.reduceat(amounts[self.order], self.starts)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _auc(left: Floats, kept: Floats) -> float:
    """Of who left and who stayed by group of equal scores, ascending."""
    pairs = left.sum() * kept.sum()
    below = np.cumsum(kept) - kept / 2
    return float((left * below).sum() / pairs) if pairs else float("nan")


def _lift(left: Floats, seen: Floats) -> float:
    """Of who left and who was seen by group of equal scores, descending."""
    top = TOP_SHARE * seen.sum()
    taken = np.clip(top - (np.cumsum(seen) - seen), 0, seen)
    share = np.divide(taken, seen, out=np.zeros_like(taken), where=seen > 0)
    all_left = left.sum()
    return float((left * share).sum() / top / (all_left / seen.sum())) if all_left else float("nan")


def _calibration_error(bins: Ints, misses: Floats, total: float) -> float:
    return float(np.abs(np.bincount(bins, misses, BINS)).sum() / total) if total else float("nan")


class Judge:
    """The measures of one set of scores on given outcomes, for any weights.

    A score outside 0..1 (days since the last order) is ranked only: no Brier, no calibration.
    """

    def __init__(self, scores: Scores, outcomes: Outcomes) -> None:
        self.scores = scores
        self.outcomes = outcomes
        self._ranking = _Ranking(scores.value)
        self._bins: Ints | None = None
        if scores.flagged is not None:
            self._bins = np.minimum(np.floor(scores.value * BINS), BINS - 1).astype(np.int64)
        self._misses = scores.value - outcomes.churned

    def measure(self, weight: Floats) -> dict[str, float]:
        """Measure -> figure; NaN where it is not defined (nobody or everybody left)."""
        churned = weight * self.outcomes.churned
        seen, left = self._ranking.sums(weight), self._ranking.sums(churned)
        found = {"auc": _auc(left, seen - left), "lift_top_10": _lift(left[::-1], seen[::-1])}
        if self._bins is not None and self.scores.flagged is not None:
            total = float(weight.sum())
            lost = churned * self.outcomes.margin
            found |= {
                "brier": _share((weight * self._misses**2).sum(), total),
                "calibration_error": _calibration_error(self._bins, weight * self._misses, total),
                "lost_margin_flagged_share": _share(lost[self.scores.flagged].sum(), lost.sum()),
            }
        return found


@dataclass(frozen=True)
class Figure:
    """A measure and its interval over resampled customers."""

    value: float
    low: float
    high: float


def resampled_weights(customer: Ints, seed: int, resamples: int = RESAMPLES) -> Callable[[int], Floats]:
    """Weights of the n-th resample: each customer as often as it was drawn, with all its slices."""
    count = int(customer.max()) + 1 if len(customer) else 0

    def weights(number: int) -> Floats:
        rng = np.random.default_rng([seed, number])
        drawn = np.bincount(rng.integers(0, count, count), minlength=count) if count else np.zeros(0)
        return drawn.astype(np.float64)[customer]

    return weights


def compare(
    judges: Mapping[str, Judge], outcomes: Outcomes, seed: int, level: float = 0.95, resamples: int = RESAMPLES
) -> tuple[dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    """Figures of each set of scores, and the differences of each to the first one, with intervals paired by customer.

    Returns:
        (name -> measure -> figure, name -> measure -> difference to the first); the interval covers `level`.
    """
    names, whole = list(judges), np.ones(len(outcomes.churned))
    exact = {name: judges[name].measure(whole) for name in names}
    weights = resampled_weights(outcomes.customer, seed, resamples)
    drawn: dict[str, dict[str, list[float]]] = {name: {one: [] for one in exact[name]} for name in names}
    for number in range(resamples):
        weight = weights(number)
        for name in names:
            for one, value in judges[name].measure(weight).items():
                drawn[name][one].append(value)
    first = names[0]
    own = {name: {one: _figure(exact[name][one], drawn[name][one], level) for one in exact[name]} for name in names}
    difference = {
        name: {
            one: _figure(
                exact[name][one] - exact[first][one],
                np.subtract(drawn[name][one], drawn[first][one]).tolist(),
                level,
            )
            for one in exact[name]
            if one in exact[first]
        }
        for name in names[1:]
    }
    return own, difference


def _figure(value: float, drawn: Sequence[float], level: float) -> Figure:
    usable = np.array(drawn)[~np.isnan(drawn)] if len(drawn) else np.array([])
    if not len(usable) or np.isnan(value):
        return Figure(value, float("nan"), float("nan"))
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return Figure(value, float(low), float(high))
