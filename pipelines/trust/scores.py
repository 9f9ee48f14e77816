"""Value scores of a whole population under many sets of weights at once: the scoring rule of the models, in numpy.

Arrays: n customers in bytewise order of their ids, m indicators, k sets of weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.intp]

SCORE_DECIMALS = 9


@dataclass(frozen=True)
class Tree:
    """Where the m indicators stand: per dimension its groups, each the positions of its indicators."""

    dimensions: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass(frozen=True)
class Population:
    """What is scored.

    `points`: n x m, 0 to 100, NaN where the indicator is null. `weights`: sets x m, nominal; `set_of`: n, the set of
    each customer.
    """

    points: Floats
    weights: Floats
    set_of: Integers
    tree: Tree


def effective_weights(weights: Floats, is_present: Flags, tree: Tree) -> Floats:
    """k x m effective weights of a customer with these indicators: nulls hand over inside their group, empty groups
    inside their dimension, an empty dimension to the other. What weighs 0 holds nothing up.
    """
    held = np.where(is_present, weights, 0.0)
    effective = np.zeros_like(weights)
    held_dimensions = np.zeros(len(weights))
    for groups in tree.dimensions:
        columns = [column for group in groups for column in group]
        held_groups = np.zeros(len(weights))
        for group in groups:
            inside = list(group)
            whole, present = weights[:, inside].sum(axis=1), held[:, inside].sum(axis=1)
            effective[:, inside] = held[:, inside] * _ratio(whole, present)[:, None]
            held_groups += np.where(present > 0, whole, 0.0)
        dimension = weights[:, columns].sum(axis=1)
        effective[:, columns] *= _ratio(dimension, held_groups)[:, None]
        held_dimensions += np.where(held_groups > 0, dimension, 0.0)
    return effective * _ratio(weights.sum(axis=1), held_dimensions)[:, None]


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


class Scorer:
    """Scores a population under other weights; customers that miss the same indicators share their weights' work."""

    def __init__(self, population: Population) -> None:
        self.population = population
        is_present = ~np.isnan(population.points)
        self._points = np.where(is_present, population.points, 0.0)
        keys = np.column_stack([np.packbits(is_present, axis=1), population.set_of.astype(np.uint8)])
        _, first, pattern = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(pattern.ravel(), kind="stable")
        rows = np.split(order, np.cumsum(np.bincount(pattern.ravel()))[:-1])
        self._patterns = [
            (own, is_present[one], int(population.set_of[one])) for own, one in zip(rows, first, strict=True)
        ]

    def scores(self, weights: Floats, only_set: int | None = None) -> Floats:
        """n x k scores, rounded as scores compare. `weights`: sets x k x m, each of them summing to 1.

        Customers of another set than `only_set` are left at 0.
        """
        found = np.zeros((len(self._points), weights.shape[1]))
        for rows, is_present, own in self._patterns:
            if only_set is None or own == only_set:
                effective = effective_weights(weights[own], is_present, self.population.tree)
                found[rows] = self._points[rows] @ effective.T
        np.minimum(found, 100.0, out=found)
        return np.round(found, SCORE_DECIMALS, out=found)
