"""Tier support: the share of seeded draws of weights and lines in which a customer keeps its raw tier."""

from __future__ import annotations

import numpy as np

from pipelines.trust.scores import Floats, Integers, Scorer
from pipelines.trust.tiering import Contributions, Scheme, core_members, raw_positions

# The method's section on tiers: 500 draws, weights by a fifth, the margin's part and the line around their middle.
DRAWS = 500
WEIGHT_FACTOR = (0.8, 1.2)
MARGIN_PART = (0.4, 0.6)
LINE_SPREAD = 0.02
# Constant: from one night to the next a support moves because the customer or its neighbours moved, not the dice.
SEED = 20260630
# 100,000 customers x 50 draws are 40 MB of scores
DRAWS_AT_ONCE = 50


def tier_support(scorer: Scorer, shares: Contributions, scheme: Scheme, raw: Integers, draws: int = DRAWS) -> Floats:
    """n shares of the draws, 0 to 1, in which each customer's position is its `raw` one.

    An indicator's weight is drawn once for all sets of weights, and each set then sums to 1 again.
    """
    dice = np.random.Generator(np.random.PCG64(SEED))
    weights = scorer.population.weights
    factors = dice.uniform(*WEIGHT_FACTOR, size=(draws, weights.shape[1]))
    margin_parts = dice.uniform(*MARGIN_PART, size=draws)
    lines = dice.uniform(scheme.core_line - LINE_SPREAD, scheme.core_line + LINE_SPREAD, size=draws)
    kept = np.zeros(len(raw))
    for first in range(0, draws, DRAWS_AT_ONCE):
        chosen = slice(first, first + DRAWS_AT_ONCE)
        drawn = weights[:, None, :] * factors[None, chosen, :]
        scores = np.asfortranarray(scorer.scores(drawn / drawn.sum(axis=2, keepdims=True)))
        for column, (part, line) in enumerate(zip(margin_parts[chosen], lines[chosen], strict=True)):
            is_core = core_members(shares, float(part), float(line))
            kept += raw_positions(scores[:, column], is_core, scheme) == raw
    return kept / draws
