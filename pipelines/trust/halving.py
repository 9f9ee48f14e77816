"""Who stands before a line after how many steps of a weight: ranges of steps, halved where a place can change hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.trust.curves import Curves, as_compared
from pipelines.trust.scores import Flags, Floats, Integers
from pipelines.trust.tiering import best_members

# Scores compare at 9 decimals: closer than two units of the last, an order is not taken for certain.
SLACK = 2e-9
# as far as two sums of the same numbers lie apart
TIED = 1e-11


@dataclass(frozen=True)
class Standing:
    """Customers (`rows`) after so many `steps`: whether each `is_in`, before the line."""

    rows: Integers
    steps: Integers
    is_in: Flags


@dataclass(frozen=True)
class _Ranges:
    """Ranges of steps: `places` are those before the line that the customers looked at have among themselves.

    Per customer and range: `at` the range (ascending), `rows` the customer (ascending in a range), its unrounded
    scores at `begin` and `end`.
    """

    begin: Integers
    end: Integers
    places: Integers
    at: Integers
    rows: Integers
    score_begin: Floats
    score_end: Floats

    def only(self, ranges: Flags, customers: Flags | None = None) -> _Ranges:
        """Those ranges, and of them those customers."""
        kept = ranges[self.at] if customers is None else ranges[self.at] & customers
        number = np.cumsum(ranges) - 1
        return _Ranges(
            self.begin[ranges], self.end[ranges], self.places[ranges],
            number[self.at[kept]], self.rows[kept], self.score_begin[kept], self.score_end[kept],
        )  # fmt: skip

    def halves(self, middle: Integers, scores: Floats) -> _Ranges:
        """Twice as many ranges, given the middle of each and the customers' scores there."""
        return _Ranges(
            np.concatenate([self.begin, middle]), np.concatenate([middle, self.end]),
            np.concatenate([self.places, self.places]),
            np.concatenate([self.at, self.at + len(self.begin)]), np.concatenate([self.rows, self.rows]),
            np.concatenate([self.score_begin, scores]), np.concatenate([scores, self.score_end]),
        )  # fmt: skip

    def order(self, scores: Floats) -> tuple[Integers, Integers]:
        """The customers by range and score, best first and the first of equals first; where each range begins."""
        order = np.lexsort((-scores, self.at))
        counts = np.bincount(self.at, minlength=len(self.begin))
        return order, np.cumsum(counts) - counts

    def are_in(self, scores: Floats) -> Flags:
        """Who is before the line with these scores."""
        if len(self.begin) == 1:
            return best_members(as_compared(scores), int(self.places[0]))
        order, first = self.order(as_compared(scores))
        found = np.empty(len(self.at), dtype=bool)
        at = self.at[order]
        found[order] = np.arange(len(order)) - first[at] < self.places[at]
        return found

    def score_at(self, place: Integers, scores: Floats) -> Floats:
        """Of each range the score at a place, 0 that of the best."""
        if len(self.begin) == 1:
            from_below = len(scores) - 1 - int(place[0])
            return np.partition(scores, from_below)[[from_below]]
        order, first = self.order(scores)
        return scores[order[first + place]]

    def undecided(self, bend: Floats, kind: Integers) -> _Ranges:
        """Without the customers that stay on one side of the line over a whole range, and without ranges where no
        place can change hands. `bend`: how far each score can lie from the straight line between its ends; `kind`:
        alike for customers whose scores are always alike.
        """
        low = np.minimum(self.score_begin, self.score_end) - bend
        high = np.maximum(self.score_begin, self.score_end) + bend
        # out: the places are taken by scores that are never lower; in: too few others are ever as high
        is_out = high + SLACK < self.score_at(self.places - 1, low)[self.at]
        is_in = low - SLACK > self.score_at(self.places, high)[self.at]
        places = self.places - np.bincount(self.at[is_in], minlength=len(self.begin))
        open_ = ~is_in & ~is_out
        left = np.bincount(self.at[open_], minlength=len(self.begin))
        found = _Ranges(self.begin, self.end, places, self.at, self.rows, self.score_begin, self.score_end)
        is_open = (places > 0) & (left > places)
        kept = open_ & is_open[self.at]
        found = found.only(is_open, open_)
        return found.only(~found.are_tied(low[kept], high[kept], kind)) if len(found.at) else found

    def are_tied(self, low: Floats, high: Floats, kind: Integers) -> Flags:
        """Which ranges have only customers that stay equal over all of it: their order, by id, never changes."""
        counts = np.bincount(self.at, minlength=len(self.begin))
        first = np.cumsum(counts) - counts
        own = kind[self.rows]
        alike: Flags = np.minimum.reduceat(own, first) == np.maximum.reduceat(own, first)
        return alike | (np.maximum.reduceat(high, first) - np.minimum.reduceat(low, first) < TIED)


def standings(
    curves: Curves,
    weight_after: Callable[[Integers], Floats],
    places: int,
    begin: int,
    end: int,
    kind: Integers,
    is_wanted: Callable[[Integers, Integers], Flags],
) -> Iterator[Standing]:
    """Who is before a line with so many places, wherever between two numbers of steps that is not certain.

    Args:
        places: more than 0, fewer than there are customers.
        kind: alike for customers with the same points.
        is_wanted: given customers and numbers of steps: whether it matters where each stands after more steps. Asked
            again after every standing given.
    """
    rows = np.arange(len(curves.own))
    first, last = (curves.at(rows, curves.moved_to(weight_after(np.array([one])))) for one in (begin, end))
    nowhere = np.zeros(len(rows), dtype=np.intp)
    ranges = _Ranges(np.array([begin]), np.array([end]), np.array([places]), nowhere, rows, first, last)
    yield Standing(rows, np.full(len(rows), end), ranges.are_in(last))
    while True:
        ranges = _wanted(ranges, is_wanted)
        if len(ranges.begin):
            t = [curves.moved_to(weight_after(ends))[ranges.at] for ends in (ranges.begin, ranges.end)]
            bend = curves.bend(ranges.rows, np.minimum(*t), np.maximum(*t))
            ranges = _wanted(ranges.undecided(bend, kind), is_wanted)
        if not len(ranges.begin):
            return
        middle = (ranges.begin + ranges.end) // 2
        scores = curves.at(ranges.rows, curves.moved_to(weight_after(middle))[ranges.at])
        yield Standing(ranges.rows, middle[ranges.at], ranges.are_in(scores))
        ranges = ranges.halves(middle, scores)


def _wanted(ranges: _Ranges, is_wanted: Callable[[Integers, Integers], Flags]) -> _Ranges:
    """The ranges that have a step inside and a customer that matters."""
    counts = np.bincount(ranges.at[is_wanted(ranges.rows, ranges.begin[ranges.at])], minlength=len(ranges.begin))
    return ranges.only((counts > 0) & (ranges.end - ranges.begin > 1))
