"""Every customer's value score as a function of one indicator's weight, and how far it bends between two weights.

One nominal weight v of a set is changed, the others keep their proportions. In t = v x others / (1 - v), where `others`
is the sum of the other weights, all those stay as they are, the changed one is t, and a score is three shares within
shares: the indicator in its group, the group in its dimension, the dimension in the whole. Each share is
(t + x) / (t + y) with 0 <= x <= y, so its slope and its bend are largest at the smaller t; that bounds the score's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.trust.scores import SCORE_DECIMALS, Flags, Floats, Integers, Population, Tree


def _mean(weighed: Floats, weight: Floats) -> Floats:
    return np.divide(weighed, weight, out=np.zeros_like(weighed), where=weight > 0)


@dataclass(frozen=True)
class SetSums:
    """One set's weights as they add up: `held`, `held_points` n x m; `group_*` n x groups, of what is present."""

    weights: Floats
    groups: tuple[tuple[int, ...], ...]
    dimension_of_group: Integers
    held: Floats
    held_points: Floats
    group_held: Flags
    group_mean: Floats
    group_whole: Floats

    @classmethod
    def of(cls, population: Population, weights: Floats) -> SetSums:
        """For a set's weights; customers of other sets are summed too and not read."""
        groups, dimension_of_group = _groups(population.tree)
        is_present = ~np.isnan(population.points)
        held = np.where(is_present, weights, 0.0)
        held_points = held * np.where(is_present, population.points, 0.0)
        present = np.column_stack([held[:, group].sum(axis=1) for group in groups])
        weighed = np.column_stack([held_points[:, group].sum(axis=1) for group in groups])
        whole = np.array([weights[list(group)].sum() for group in groups])
        return cls(weights, groups, dimension_of_group, held, held_points, present > 0, _mean(weighed, present), whole)


def _groups(tree: Tree) -> tuple[tuple[tuple[int, ...], ...], Integers]:
    groups = tuple(group for dimension in tree.dimensions for group in dimension)
    counts = [len(dimension) for dimension in tree.dimensions]
    return groups, np.repeat(np.arange(len(counts)), counts)


@dataclass(frozen=True)
class _Share:
    """weight x (t + x) / (t + y) per customer; `weight` is 0 where what it is the share of is empty."""

    weight: Floats
    x: float
    y: Floats

    def at(self, rows: Integers, t: Floats) -> Floats:
        """The share; 0 where nothing is there that it could be a share of."""
        whole = t + self.y[rows]
        return np.divide(self.weight[rows] * (t + self.x), whole, out=np.zeros(len(rows)), where=whole > 0)

    def steepest(self, rows: Integers, t: Floats) -> tuple[Floats, Floats]:
        """The largest slope and the largest bend from t on."""
        y = self.y[rows]
        slope = self.weight[rows] * (y - self.x) / (t + y) ** 2
        return slope, 2 * slope / (t + y)


@dataclass(frozen=True)
class Curves:
    """The scores of n customers under a changed weight: `own` points of the indicator among `group`, the mean of the
    rest of its group; that among `rest`, the mean of the dimension's other groups; that among `other`, the mean of
    the other dimensions. Customers of another set stand still.
    """

    others: float
    own: Floats
    group: Floats
    rest: Floats
    other: Floats
    in_group: _Share
    in_dimension: _Share
    in_whole: _Share

    @classmethod
    def of(
        cls, population: Population, sums: SetSums, indicator: int, moves: Flags, still: Floats, weighs: bool = True
    ) -> Curves:
        """`moves`: the customers of the set; the others keep the score `still`.

        `weighs`: False for the scores at t = 0, where the indicator is as good as null.
        """
        (at,) = [number for number, group in enumerate(sums.groups) if indicator in group]
        siblings = [one for one in sums.groups[at] if one != indicator]
        beside = np.flatnonzero(sums.dimension_of_group == sums.dimension_of_group[at])
        beside = beside[beside != at]
        points = population.points[:, indicator]
        is_there = ~np.isnan(points) & weighs
        left = sums.held[:, siblings].sum(axis=1)
        group = _mean(sums.held_points[:, siblings].sum(axis=1), left)
        own = np.where(is_there, points, group)
        group = np.where(left > 0, group, own)
        has_group = is_there | (left > 0)
        resting, rest = _part(sums, beside)
        has_dimension = has_group | (resting > 0)
        rest = np.where(resting > 0, rest, group)
        apart, other = _apart(sums, sums.dimension_of_group[at])
        others = float(sums.weights.sum() - sums.weights[indicator])
        in_group, in_dimension = float(sums.weights[siblings].sum()), float(sums.group_whole[beside].sum())
        in_dimension += in_group
        return cls(
            others, own, group, rest,
            np.where(moves, np.where(apart > 0, other, 0.0), still),
            _Share(np.ones(len(own)), 0.0, np.where(left > 0, left, 0.0)),
            _Share(has_group.astype(float), in_group, in_group + resting),
            _Share((moves & has_dimension).astype(float), in_dimension, in_dimension + apart),
        )  # fmt: skip

    def moved_to(self, weight: Floats) -> Floats:
        """t of the changed weight, which lies above 0 and below 1."""
        return weight * self.others / (1 - weight)

    def at(self, rows: Integers, t: Floats) -> Floats:
        """The scores of these customers, not yet rounded."""
        group = self.group[rows] + (self.own[rows] - self.group[rows]) * self.in_group.at(rows, t)
        dimension = self.rest[rows] + (group - self.rest[rows]) * self.in_dimension.at(rows, t)
        return self.other[rows] + (dimension - self.other[rows]) * self.in_whole.at(rows, t)

    def bend(self, rows: Integers, begin: Floats, end: Floats) -> Floats:
        """How far a score can lie from the straight line between its values at two t, begin < end."""
        slope_g, bend_g = self.in_group.steepest(rows, begin)
        slope_d, bend_d = self.in_dimension.steepest(rows, begin)
        slope_w, bend_w = self.in_whole.steepest(rows, begin)
        own, group, rest, other = self.own[rows], self.group[rows], self.rest[rows], self.other[rows]
        apart = np.abs(own - group)
        from_rest = np.maximum(np.abs(own - rest), np.abs(group - rest))
        from_other = np.maximum(np.maximum(np.abs(own - other), np.abs(group - other)), np.abs(rest - other))
        slope = apart * slope_g + from_rest * slope_d
        bend = apart * bend_g + 2 * apart * slope_g * slope_d + from_rest * bend_d
        whole = bend + 2 * slope * slope_w + from_other * bend_w
        return (end - begin) ** 2 / 8 * np.where(self.in_whole.weight[rows] > 0, whole, 0.0)


def _part(sums: SetSums, groups: Integers) -> tuple[Floats, Floats]:
    """Weight and mean points of what is present of these groups, at their whole weights."""
    weight = sums.group_held[:, groups] * sums.group_whole[groups]
    held = weight.sum(axis=1)
    return held, _mean((weight * sums.group_mean[:, groups]).sum(axis=1), held)


def _apart(sums: SetSums, dimension: int) -> tuple[Floats, Floats]:
    """Weight and mean points of the other dimensions where they are not empty, at their whole weights."""
    held, weighed = np.zeros(len(sums.held)), np.zeros(len(sums.held))
    for one in set(sums.dimension_of_group.tolist()) - {int(dimension)}:
        groups = np.flatnonzero(sums.dimension_of_group == one)
        present, mean = _part(sums, groups)
        whole = np.where(present > 0, sums.group_whole[groups].sum(), 0.0)
        held, weighed = held + whole, weighed + whole * mean
    return held, _mean(weighed, held)


def as_compared(scores: Floats) -> Floats:
    """Rounded as scores compare."""
    return np.round(np.minimum(scores, 100.0), SCORE_DECIMALS).astype(np.float64, copy=False)
