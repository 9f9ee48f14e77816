"""The probability that a customer places no order in the next horizon, from what happened to others before. Exact."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from tests.reference.facts import ZERO, Facts
from tests.reference.parameters import Parameters, Window, months_before, window

SLICES = 12
SLICE_STEP_DAYS = 30
PRIOR_WEIGHT = 10
PRIOR_GAPS = 3
LEAST_CUSTOMER_SLICES = 200
LEAST_SLICES = 3
SILENCE_CUTS = [Fraction(n, 100) for n in (10, 20, 35, 50, 75, 100, 150)]
ORDER_CUTS = [2, 3, 5, 9, 17]
RHYTHM_CUTS = [Fraction(n, 10) for n in (5, 10, 15, 20, 30)]
TREND_CUTS = [Fraction(n, 100) for n in (50, 80, 125)]
LONGEST_SILENCE = len(SILENCE_CUTS)

Orders = Mapping[str, list[tuple[date, Fraction]]]
"""Customer -> its order dates, ascending and distinct, each with the day's volume."""


@dataclass(frozen=True)
class Features:
    """A customer's situation at a date."""

    silence: Fraction
    orders: int
    rhythm: Fraction
    trend: Fraction

    @property
    def bands(self) -> tuple[int, int, int, int]:
        """Band numbers from 0; a cut belongs to the band above it."""
        return (
            bisect_right(SILENCE_CUTS, self.silence),
            bisect_right(ORDER_CUTS, self.orders),
            bisect_right(RHYTHM_CUTS, self.rhythm),
            1 + bisect_right(TREND_CUTS, self.trend) if self.trend else 0,
        )


@dataclass(frozen=True)
class Churn:
    """As published; the probability is None where there is none."""

    probability: Fraction | None
    status: str
    level: str | None


def orders_of(facts: Facts) -> dict[str, list[tuple[date, Fraction]]]:
    found = {}
    for customer, lines in facts.lines.items():
        by_day: dict[date, Fraction] = defaultdict(Fraction)
        for line in lines:
            by_day[line.ordered_on] += line.quantity
        if by_day:
            found[customer] = sorted(by_day.items())
    return found


def slice_dates(parameters: Parameters, first_line_on: date | None, known_on: date | None = None) -> list[date]:
    """The snapshot dates, latest first, that have 12 months of orders before them.

    Of the dates every 30 days back from D those whose outcome was known on `known_on` (default: D), at most 12.
    """
    horizon = timedelta(days=parameters.churn_horizon_days)
    day, dates = parameters.as_of - horizon, []
    while first_line_on is not None and first_line_on <= months_before(day, 12) and len(dates) < SLICES:
        if day + horizon <= (known_on or parameters.as_of):
            dates.append(day)
        day -= timedelta(days=SLICE_STEP_DAYS)
    return dates


def _trend(days: Sequence[tuple[date, Fraction]], at: date) -> Fraction:
    last_90 = Window(at - timedelta(days=90), at)
    last_365 = Window(at - timedelta(days=365), at)
    recent = sum((quantity for day, quantity in days if day in last_90), ZERO)
    year = sum((quantity for day, quantity in days if day in last_365), ZERO)
    return recent / (year * Fraction(90, 365)) if year else ZERO


def features_at(orders: Orders, at: date, horizon_days: int) -> dict[str, Features]:
    """Of the customers with a line in the 12 months up to the date; nothing after it is looked at."""
    in_12m, in_36m = window(at, 12), window(at, 36)
    known = {name: [one for one in days if one[0] <= at] for name, days in orders.items()}
    known = {name: days for name, days in known.items() if days and days[-1][0] in in_12m}
    gaps = {}
    for name, days in known.items():
        dates = [day for day, _ in days if day in in_36m]
        gaps[name] = (len(dates) - 1, Fraction((dates[-1] - dates[0]).days))
    means = [total / count for count, total in gaps.values() if count]
    typical = median(means) if means else Fraction(horizon_days)
    found = {}
    for name, days in known.items():
        count, total = gaps[name]
        usual = (total + PRIOR_GAPS * typical) / (count + PRIOR_GAPS)
        silent = Fraction((at - days[-1][0]).days)
        bought_on = sum(day in in_12m for day, _ in days)
        found[name] = Features(silent / horizon_days, bought_on, silent / usual, _trend(days, at))
    return found


def dormant_at(orders: Orders, at: date, active_window_months: int) -> set[str]:
    """Whose last line by the date is more than 12 months old but inside the active window."""
    inside, recent = window(at, active_window_months), window(at, 12)
    found = set()
    for name, days in orders.items():
        last = max((day for day, _ in days if day <= at), default=None)
        if last in inside and last not in recent:
            found.add(name)
    return found


class Cells:
    """Seen and churned customer-slices by cell, and the rates from coarse to fine."""

    def __init__(self) -> None:
        self.slices = 0
        self.base = [0, 0]
        self.dormant = [0, 0]
        self._cells: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, features: Features, churned: bool) -> None:
        silence, orders, rhythm, trend = features.bands
        cells = ((silence,), (silence, orders), (silence, orders, "rhythm", rhythm), (silence, orders, "trend", trend))
        for counts in (self.base, *(self._cells[cell] for cell in cells)):
            counts[0] += 1
            counts[1] += churned

    @property
    def base_rate(self) -> Fraction:
        seen, churned = self.base
        return Fraction(churned, seen) if seen else ZERO

    @property
    def is_enough(self) -> bool:
        return self.base[0] >= LEAST_CUSTOMER_SLICES and self.slices >= LEAST_SLICES

    def _towards(self, counts: Sequence[int], parent: Fraction) -> Fraction:
        seen, churned = counts
        return (churned + PRIOR_WEIGHT * parent) / Fraction(seen + PRIOR_WEIGHT)

    def silence_rate(self, silence: int) -> Fraction:
        return self._towards(self._cells.get((silence,), [0, 0]), self.base_rate)

    def probability(self, features: Features) -> Fraction:
        silence, orders, rhythm, trend = features.bands
        parent = self._towards(self._cells.get((silence, orders), [0, 0]), self.silence_rate(silence))
        ends = ((silence, orders, "rhythm", rhythm), (silence, orders, "trend", trend))
        return sum((self._towards(self._cells.get(end, [0, 0]), parent) for end in ends), ZERO) / 2

    def dormant_probability(self) -> Fraction:
        return self._towards(self.dormant, self.silence_rate(LONGEST_SILENCE))


@dataclass(frozen=True)
class Slice:
    """A closed slice: who ordered in the 12 months before it and how, the dormant, and who ordered after it."""

    features: Mapping[str, Features]
    dormant: set[str]
    ordered: set[str]


class Slices:
    """The closed slices of a company, each looked at once."""

    def __init__(self, orders: Orders, parameters: Parameters) -> None:
        self._orders = orders
        self._parameters = parameters
        self._first = min((days[0][0] for days in orders.values()), default=None)
        self._seen: dict[date, Slice] = {}

    def dates(self, known_on: date | None = None) -> list[date]:
        return slice_dates(self._parameters, self._first, known_on)

    def at(self, day: date) -> Slice:
        if day not in self._seen:
            outcome = Window(day, day + timedelta(days=self._parameters.churn_horizon_days))
            self._seen[day] = Slice(
                features_at(self._orders, day, self._parameters.churn_horizon_days),
                dormant_at(self._orders, day, self._parameters.active_window_months),
                {name for name, days in self._orders.items() if any(day in outcome for day, _ in days)},
            )
        return self._seen[day]

    def cells(self, known_on: date | None = None) -> Cells:
        """The cells of the slices whose outcome was known on a date (default: D)."""
        cells = Cells()
        for day in self.dates(known_on):
            one = self.at(day)
            cells.slices += 1
            for name, features in one.features.items():
                cells.add(features, name not in one.ordered)
            for name in one.dormant:
                cells.dormant[0] += 1
                cells.dormant[1] += name not in one.ordered
        return cells


def level_of(probability: Fraction, base: Fraction, parameters: Parameters) -> str:
    """By odds against the base rate's."""
    if base == 0:
        return "low"
    if base == 1:
        return "high" if probability == 1 else "low"
    for level, times in (("high", parameters.churn_high_odds), ("medium", parameters.churn_medium_odds)):
        if probability * (1 - base) >= times * base * (1 - probability):
            return level
    return "low"


def _rhythm_level(rhythm: Fraction) -> str:
    return "high" if rhythm >= 3 else "medium" if rhythm >= 2 else "low"


def churn_of(facts: Facts) -> dict[str, Churn]:
    """Every customer's risk at D."""
    parameters = facts.parameters
    orders = orders_of(facts)
    cells = Slices(orders, parameters).cells()
    now = features_at(orders, parameters.as_of, parameters.churn_horizon_days)
    found = {}
    for name in facts.customers:
        if not facts.is_active(name):
            found[name] = Churn(None, "not_active", None)
            continue
        status = "dormant" if name not in now else "validated" if cells.is_enough else "unvalidated"
        if not cells.is_enough:
            found[name] = Churn(None, status, _rhythm_level(now[name].rhythm) if name in now else "high")
            continue
        p = cells.probability(now[name]) if name in now else cells.dormant_probability()
        found[name] = Churn(p, status, level_of(p, cells.base_rate, parameters))
    return found
