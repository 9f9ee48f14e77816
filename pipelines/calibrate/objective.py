"""Objective weights: what the population itself says about how much an indicator tells customers apart.

CRITIC (D. Diakoulaki, G. Mavrotas, L. Papayannakis 1995) weighs a column by its standard deviation times how little it
agrees with the others; the entropy method (M. Zeleny 1982) by how unevenly it is shared out. Both work on points, 0 to
100 with 100 best: a loss has few points, never a negative value. Every node of the tree is weighed for itself, from the
leaves up: the columns of an inner node are its children's scores, at the weights found below them.

What the libraries for this trip over is left to the judgements alone: a column that is alike for everybody, that fewer
than 30 customers have a value of, or that says exactly what its neighbours say keeps its judged weight. Nulls are left
out, pair by pair. With fewer than 30 customers nothing is blended at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.calibrate.tree import ROOT

LEAST_CUSTOMERS = 30
JUDGED_POWER, OBJECTIVE_POWER = 0.7, 0.3
# points: a smaller spread is rounding
NO_SPREAD = 1e-9
# of 1 - correlation: columns nearer than this say the same
NO_CONTRAST = 1e-9

Array = NDArray[np.float64]
Shares = dict[str, dict[str, float]]


@dataclass
class Blend:
    """Node -> child -> weight inside the node (each node sums to 1): blended, and by the population alone.

    `unheard`: what kept its judged weight because the population tells nothing of it.
    """

    shares: Shares = field(default_factory=dict)
    objective: Shares = field(default_factory=dict)
    unheard: list[str] = field(default_factory=list)


def critic(points: Array) -> Array:
    """How much each column (customers x columns, NaN where null) tells, 0 or more; unscaled."""
    # every step of a night imports this module: pandas and scipy.stats cost it two seconds and 100 MB
    import pandas as pd

    correlations = pd.DataFrame(points).corr(min_periods=LEAST_CUSTOMERS).to_numpy()
    # a pair that too few customers have both of, or none apart, is not known to agree
    contrast = 1 - np.clip(np.nan_to_num(correlations, nan=0.0), -1, 1)
    np.fill_diagonal(contrast, 0.0)
    total = contrast.sum(axis=0)
    return np.where(total > NO_CONTRAST, np.nanstd(points, axis=0) * total, 0.0)


def entropy(points: Array) -> Array:
    """How unevenly each column (customers x columns, NaN where null) is shared out, 0 (evenly) to 1."""
    from scipy import stats

    def unevenness(column: Array) -> float:
        known = column[~np.isnan(column)]
        known = known - min(0.0, float(known.min()))
        return max(0.0, 1 - float(stats.entropy(known)) / np.log(len(known)))

    return np.array([unevenness(column) for column in points.T])


METHODS: Mapping[str, Callable[[Array], Array]] = {"critic": critic, "entropy": entropy}


def information(points: Array, method: str) -> Array:
    """What `method` finds of each column; 0 for a column that it can tell nothing of. Never NaN, never negative."""
    known = (~np.isnan(points)).sum(axis=0)
    heard = known >= LEAST_CUSTOMERS
    heard[heard] = np.nanstd(points[:, heard], axis=0) > NO_SPREAD
    found = np.zeros(points.shape[1])
    if heard.any():
        found[heard] = METHODS[method](points[:, heard])
    return found


def blended(judged: Array, found: Array) -> Array:
    """Weights (sum 1) in proportion to judged^0.7 x found^0.3; where `found` is 0 the judged weight stays as it is."""
    heard = found > 0
    weights = judged.copy()
    if heard.any():
        drawn = judged[heard] ** JUDGED_POWER * (found[heard] / found[heard].max()) ** OBJECTIVE_POWER
        weights[heard] = drawn / drawn.sum() * judged[heard].sum()
    return weights / weights.sum()


def blend_tree(judged: Mapping[str, Mapping[str, float]], points: Mapping[str, Array], method: str) -> Blend:
    """Every node of the tree blended, from the leaves up.

    Args:
        judged: node -> child -> judged weight.
        points: indicator id -> points of the customers, NaN where null.
        method: one of METHODS.
    """
    result = Blend()

    def column(name: str) -> Array:
        if name in points:
            return points[name]
        children = list(judged[name])
        values = np.column_stack([column(child) for child in children])
        found = information(values, method)
        weights = blended(np.array([judged[name][child] for child in children]), found)
        result.shares[name] = dict(zip(children, map(float, weights), strict=True))
        alone = found / found.sum() if found.any() else np.array([judged[name][child] for child in children])
        result.objective[name] = dict(zip(children, map(float, alone), strict=True))
        result.unheard += [child for child, told in zip(children, found, strict=True) if told == 0]
        return _score(values, weights)

    column(ROOT)
    return result


def _score(values: Array, weights: Array) -> Array:
    """The children's points at their weights, over those that a customer has; NaN where it has none."""
    held = np.where(np.isnan(values), 0.0, weights)
    total = held.sum(axis=1)
    summed = (np.nan_to_num(values) * held).sum(axis=1)
    return np.divide(summed, total, out=np.full(len(values), np.nan), where=total > 0)
