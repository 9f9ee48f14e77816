"""The smallest change of one indicator's weight that would give a customer another raw tier.

One nominal weight of the customer's own set is changed; the others keep their proportions and sum to 1 with it. Held
fixed: every customer's indicators and points, the other sets, and the core, which rests on contribution and no weight.
All customers' scores move with the weight, so both the customer and the line that it stands at are computed anew.

The changes tried grow by 15 % from 0.0005, down to a weight of 0 and up to HIGHEST_WEIGHT. What is reported really
changes the tier; on none of the smaller changes tried, of any indicator, does it change. The smallest change of all
therefore lies at most a step below the reported one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.trust.scores import Flags, Floats, Integers, Scorer
from pipelines.trust.tiering import Scheme, raw_positions

FIRST_STEP = 0.0005
GROWTH = 1.15
# one of thirty indicators that weighs half of all would be another method
HIGHEST_WEIGHT = 0.5
LEVELS_AT_ONCE = 150
NONE = -1


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


def tried_weights(weight: float) -> Floats:
    """The weights tried instead of one, the smallest change first."""
    steps = FIRST_STEP * GROWTH ** np.arange(200)
    down = steps[steps < weight]
    up = steps[weight + steps <= HIGHEST_WEIGHT]
    tried = np.concatenate([weight - down, [0.0] if weight > 0 else [], weight + up])
    return tried[np.argsort(np.abs(tried - weight), kind="stable")]


def smallest_flips(scorer: Scorer, is_core: Flags, scheme: Scheme, raw: Integers) -> Flips:
    """The smallest flip found of every customer outside the core; of equal changes the first indicator's."""
    population = scorer.population
    flips = Flips.none(len(raw))
    nearest = np.full(len(raw), np.inf)
    base = scorer.scores(population.weights[:, None, :])[:, 0]
    for own, weights in enumerate(population.weights):
        belongs = (population.set_of == own) & ~is_core
        for indicator, weight in enumerate(weights):
            if weight >= weights.sum():
                continue
            tried = tried_weights(float(weight))
            for first in range(0, len(tried), LEVELS_AT_ONCE):
                levels = tried[first : first + LEVELS_AT_ONCE]
                if not (belongs & (nearest > abs(levels[0] - weight))).any():
                    break
                moved = np.repeat(population.weights[:, None, :], len(levels), axis=1)
                moved[own] = changed_weights(weights, indicator, levels)
                scores = np.asfortranarray(scorer.scores(moved, only_set=own))
                for column, level in enumerate(levels):
                    change = abs(level - weight)
                    now = raw_positions(np.where(population.set_of == own, scores[:, column], base), is_core, scheme)
                    flipped = belongs & (now != raw) & (change < nearest)
                    nearest[flipped] = change
                    flips.indicator[flipped] = indicator
                    flips.weight_from[flipped] = weight
                    flips.weight_to[flipped] = level
                    flips.position[flipped] = now[flipped]
    return flips
