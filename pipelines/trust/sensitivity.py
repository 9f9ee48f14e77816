"""The smallest change of one indicator's weight that would give a customer another raw tier.

One nominal weight of the customer's own set is changed; the others keep their proportions and sum to 1 with it. Held
fixed: every customer's indicators and points, the other sets, and the core, which rests on contribution and no weight.
All customers' scores move with the weight, so both the customer and the line that it stands at are computed anew.

Weights count in steps of STEP, a millionth, from the weight in force down to 0 (the last, shorter step included) and up
to HIGHEST_WEIGHT. The answer is exact in these steps: of all indicators and steps the fewest that change the tier. It
is found by halving ranges of steps. A customer whose score, over a whole range, cannot come across the line (by
`Curves.bend`) keeps its side there and only counts; the others decide the line among themselves in either half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.trust.curves import Curves, SetSums, as_compared
from pipelines.trust.halving import standings
from pipelines.trust.scores import Flags, Floats, Integers, Population, Scorer
from pipelines.trust.tiering import Line, Scheme, raw_positions, tier_lines

STEP = 1e-6
# one of thirty indicators that weighs half of all would be another method
HIGHEST_WEIGHT = 0.5
# Ranges looked at one after the other: what is found in a near one need not be looked for in a far one.
FIRST_RANGE, RANGE_GROWTH = 512, 4
NONE = -1
NOWHERE = np.iinfo(np.intp).max


@dataclass(frozen=True)
class Flips:
    """Per customer: position of the indicator (NONE where no single weight does it), its weights, the new position."""

    indicator: Integers
    weight_from: Floats
    weight_to: Floats
    position: Integers

    @classmethod
    def none(cls, customers: int) -> Flips:
        """For so many customers, none found yet."""
        return cls(
            np.full(customers, NONE, dtype=np.intp),
            np.full(customers, np.nan),
            np.full(customers, np.nan),
            np.full(customers, NONE, dtype=np.intp),
        )


def changed_weights(weights: Floats, indicator: int, changed: Floats) -> Floats:
    """k x m weights: one indicator's set to each of the k values, the others in proportion."""
    others = weights.sum() - weights[indicator]
    found = weights[None, :] * ((1 - changed) / others)[:, None]
    found[:, indicator] = changed
    return found


@dataclass(frozen=True)
class Direction:
    """One weight of one set, moved by `step` (up, or down where it is negative) up to `last` times."""

    own: int
    indicator: int
    weight: float
    step: float
    last: int

    def after(self, steps: Integers) -> Floats:
        """The weights after so many steps."""
        return np.maximum(self.weight + self.step * steps, 0.0)


def directions(own: int, weights: Floats, step: float = STEP) -> list[Direction]:
    """Both ways of every weight of a set that can be changed."""
    found = []
    for indicator, weight in enumerate(weights.tolist()):
        if weight < weights.sum():
            down, up = int(np.ceil(weight / step)), int((HIGHEST_WEIGHT - weight) / step)
            found += [Direction(own, indicator, weight, -step, down)] if down else []
            found += [Direction(own, indicator, weight, step, up)] if up > 0 else []
    return found


def smallest_flips(scorer: Scorer, is_core: Flags, scheme: Scheme, raw: Integers, step: float = STEP) -> Flips:
    """The smallest flip of every customer outside the core; of equal numbers of steps the first indicator's."""
    search = _Search(scorer, is_core, scheme, raw)
    ways = [way for own, weights in enumerate(scorer.population.weights) for way in directions(own, weights, step)]
    first, last = 0, FIRST_RANGE
    while ways and first < max(way.last for way in ways):
        for way in ways:
            search.look(way, first, min(last, way.last))
        first, last = last, last * RANGE_GROWTH
    return search.flips(len(raw))


def _kinds(points: Floats, set_of: Integers) -> Integers:
    """A number per customer, alike for those with the same points in the same set."""
    rows = np.ascontiguousarray(np.column_stack([points, set_of]))
    kinds: Integers = np.unique(rows.view(f"V{rows.strides[0]}").ravel(), return_inverse=True)[1]
    return kinds


class _Search:
    """What is found so far: per customer outside the core the fewest steps, whose weight they move, the new tier."""

    def __init__(self, scorer: Scorer, is_core: Flags, scheme: Scheme, raw: Integers) -> None:
        population = scorer.population
        self.outside = np.flatnonzero(~is_core)
        self.set_of = population.set_of[self.outside]
        self.raw, self.scheme = raw[self.outside], scheme
        self.base = scorer.scores(population.weights[:, None, :])[self.outside, 0]
        points = population.points[self.outside]
        self.inside = Population(points, population.weights, self.set_of, population.tree)
        self.sums = [SetSums.of(self.inside, weights) for weights in population.weights]
        self.kind = _kinds(points, self.set_of)
        self.lines = tier_lines(scheme, len(self.outside))
        self.steps = np.full(len(self.outside), NOWHERE, dtype=np.intp)
        self.way = np.full(len(self.outside), NONE, dtype=np.intp)
        self.position = np.full(len(self.outside), NONE, dtype=np.intp)
        self.ways: list[Direction] = []

    def look(self, way: Direction, first: int, last: int) -> None:
        """Look for flips after more than `first` steps and at most `last`."""
        moves = self.set_of == way.own
        if first >= last or not (moves & (self.steps > first)).any():
            return
        self.ways.append(way)
        # what weighs 0 holds nothing up, so at 0 a score may jump: that weight is looked at by itself, from either side
        ends_at_zero = way.step < 0 and last == way.last
        begin = 1 if way.weight == 0 and first == 0 else first
        end = last - 1 if ends_at_zero else last
        curves = [
            Curves.of(self.inside, self.sums[way.own], way.indicator, moves, self.base, weighs)
            for weighs in ([True, False] if ends_at_zero else [True])
        ]
        if begin > first:
            self._look_at(way, curves[0], moves, begin)
        if begin < end:
            for line in self.lines:
                self._halve(way, curves[0], moves, line, begin, end)
        if ends_at_zero:
            self._look_at(way, curves[1], moves, last)

    def _look_at(self, way: Direction, curves: Curves, moves: Flags, steps: int) -> None:
        """Tier everybody after exactly so many steps."""
        t = curves.moved_to(way.after(np.array([steps])))
        scores = as_compared(curves.at(np.arange(len(moves)), t))
        now = raw_positions(scores, np.zeros(len(moves), dtype=bool), self.scheme)
        rows = np.flatnonzero(moves & (now != self.raw))
        self._note(rows, np.full(len(rows), steps), now[rows])

    def _halve(self, way: Direction, curves: Curves, moves: Flags, line: Line, begin: int, end: int) -> None:
        was_in = self.raw <= line.position

        def is_wanted(rows: Integers, after: Integers) -> Flags:
            wanted: Flags = moves[rows] & (self.steps[rows] > after)
            return wanted

        for found in standings(curves, way.after, line.count, begin, end, self.kind, is_wanted):
            flipped = moves[found.rows] & (found.is_in != was_in[found.rows])
            positions = np.where(found.is_in, line.position, line.following)
            self._note(found.rows[flipped], found.steps[flipped], positions[flipped])

    def _note(self, rows: Integers, steps: Integers, positions: Integers) -> None:
        """Keep what is nearer; after the same steps of one way, the tier that lies farther across its lines."""
        this = len(self.ways) - 1
        nearer = steps < self.steps[rows]
        again = (steps == self.steps[rows]) & (self.way[rows] == this)
        raw = self.raw[rows]
        farther = np.abs(positions - raw) > np.abs(self.position[rows] - raw)
        kept = nearer | (again & farther)
        rows, steps, positions = rows[kept], steps[kept], positions[kept]
        # a customer may flip at several places of one look: the nearest last, so that it stays
        order = np.argsort(-steps, kind="stable")
        self.steps[rows[order]], self.position[rows[order]] = steps[order], positions[order]
        self.way[rows] = this

    def flips(self, customers: int) -> Flips:
        """What was found, for all customers, those of the core included."""
        found = Flips.none(customers)
        for number in np.unique(self.way[self.way != NONE]).tolist():
            way, rows = self.ways[number], np.flatnonzero(self.way == number)
            flipped = self.outside[rows]
            found.indicator[flipped], found.weight_from[flipped] = way.indicator, way.weight
            found.weight_to[flipped] = way.after(self.steps[rows])
            found.position[flipped] = self.position[rows]
        return found
