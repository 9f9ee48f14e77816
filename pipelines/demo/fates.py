"""Who leaves, when and why: the truth behind the data, which no mapping delivers.

The six causes are those by which core customers are lost (churn.md, "Reasons"). A cause starts to show on the day
`decided` and the last order falls before `leaves`; what it does to the data in between stands in `TRACES` and in the
modules that read `decided`: deliveries (promises), contacts, owners, tickets, demand, assortment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.demo import catalogue as goods
from pipelines.demo.population import Population
from pipelines.demo.rows import stream
from pipelines.demo.timeline import HISTORY_END, LIFE_END, LIFE_START, NEVER, Array

CAUSES = (
    "manager_changed",
    "competitor_gain",
    "contact_lapsed",
    "promises_broken",
    "customer_contracts",
    "complaint_unresolved",
)
MANAGER, COMPETITOR, CONTACT, PROMISES, CONTRACTS, COMPLAINT = range(6)
NO_CAUSE = 6
STAYS = -1


@dataclass(frozen=True)
class Trace:
    """A cause's shape: days from its start to the end, what is left of the volume just before the end, and which part
    of the loss comes at once."""

    shortest: int
    longest: int
    volume_left: float
    at_once: float = 0.0


TRACES = (
    Trace(40, 160, 0.65),
    Trace(120, 260, 0.35, at_once=0.6),
    Trace(110, 200, 0.70),
    Trace(60, 170, 0.65),
    Trace(90, 240, 0.35, at_once=0.3),
    Trace(20, 110, 0.85),
    Trace(20, 60, 0.90),
)
LEAVE_RATE_A_YEAR = 0.10
PAUSE_SHARE = 0.08
RETURN_SHARE = 0.02
STAGED_FROM = 600


@dataclass(frozen=True)
class Fates:
    """Arrays over the customers; days, `NEVER` where nothing of the kind happens.

    `cause`: position in CAUSES, NO_CAUSE for those that simply stop, STAYS. From `pauses` to `resumes` nothing is
    ordered (a stop of production). `lost_family` is the product family a competitor takes, -1 none.
    `watched`: someone calls on it often enough for the lapse to show; `owned`: has an account manager;
    `estimated`: its demand is estimated.
    """

    cause: Array
    decided: Array
    leaves: Array
    pauses: Array
    resumes: Array
    lost_family: Array
    watched: Array
    owned: Array
    estimated: Array

    def under(self, cause: int, customers: Array, days: Array) -> Array:
        """Whether the cause is at work on each of the customers on the day."""
        return (self.cause[customers] == cause) & (days >= self.decided[customers])


def _leave_days(rng: np.random.Generator, people: Population) -> Array:
    """Exponential times to leaving, faster for the small; `NEVER` for those that outlive the demo."""
    rate = LEAVE_RATE_A_YEAR * np.exp(-0.25 * people.size)
    started = np.maximum(people.enters, LIFE_START + 150)
    leaves = started + 240 + (rng.exponential(1.0, people.count) / rate * 365).astype(np.int64)
    return np.where((leaves > LIFE_END) | people.prospect, NEVER, leaves)


def _causes(rng: np.random.Generator, people: Population, leaves: Array) -> Array:
    """The six causes in turn over the leavers in order of size, so that each takes small and large ones alike."""
    leavers = np.flatnonzero(leaves != NEVER)
    cause = np.full(people.count, STAYS)
    ranked = leavers[np.argsort(-people.size[leavers], kind="stable")]
    dealt = np.concatenate([rng.permutation(len(CAUSES)) for _ in range(len(ranked) // len(CAUSES) + 1)])
    cause[ranked] = dealt[: len(ranked)]
    cause[(rng.random(people.count) < 0.07) & (cause != STAYS)] = NO_CAUSE
    # a competitor cannot gain a family of a customer that buys one family only
    nothing_to_gain = np.flatnonzero((_second_family(people) < 0) & (cause == COMPETITOR))
    others = np.array([MANAGER, CONTACT, PROMISES, CONTRACTS, COMPLAINT])
    cause[nothing_to_gain] = rng.choice(others, len(nothing_to_gain))
    return cause


def _second_family(people: Population) -> Array:
    """The family of the second slot, -1 where the customer buys one family only."""
    families = people.assortment // goods.PER_FAMILY
    several = (people.slot_count > 1) & (families[:, 1] != families[:, 0])
    return np.where(several, families[:, 1], -1)


def _staged(people: Population) -> Array:
    """Two large customers for each cause, in order of cause, in companies large enough; else nobody.

    They stopped ordering shortly before the history ends, so that the last nights have core customers at risk.
    """
    if people.count < STAGED_FROM:
        return np.array([], dtype=np.int64)
    fit = (people.enters == LIFE_START) & ~people.prospect & (_second_family(people) >= 0)
    ranked = np.argsort(-np.where(fit, people.size, -np.inf), kind="stable")
    step = people.count // 100
    return ranked[2 * step : 2 * step + 2 * len(CAUSES) * step : step]


def make_fates(seed: int, people: Population) -> Fates:
    """One fate per customer."""
    rng = stream(seed, "fates")
    leaves = _leave_days(rng, people)
    cause = _causes(rng, people, leaves)
    staged = _staged(people)
    cause[staged] = np.arange(len(staged)) % len(CAUSES)
    leaves[staged] = HISTORY_END - np.where(np.arange(len(staged)) < len(CAUSES), 70, 35)
    shape = np.where(cause == STAYS, NO_CAUSE, cause)
    shortest = np.array([trace.shortest for trace in TRACES])[shape]
    longest = np.array([trace.longest for trace in TRACES])[shape]
    lead = rng.integers(shortest, longest + 1)
    leaving = cause != STAYS
    pausing = ~leaving & (rng.random(people.count) < PAUSE_SHARE)
    pauses = np.where(pausing, rng.integers(LIFE_START + 200, LIFE_END, people.count), NEVER)
    length = np.where(rng.random(people.count) < RETURN_SHARE / PAUSE_SHARE, 420, 90)
    lengths = length + rng.integers(0, 90, people.count)
    chance = rng.random((3, people.count))
    return Fates(
        cause=cause,
        decided=np.where(leaving, leaves - lead, NEVER),
        leaves=leaves,
        pauses=pauses,
        resumes=np.where(pausing, pauses + lengths, NEVER),
        lost_family=np.where(cause == COMPETITOR, _second_family(people), -1),
        watched=(chance[0] < 0.55 + 0.2 * people.size) | (cause == CONTACT),
        owned=(chance[1] < 0.70 + 0.2 * people.size) | (cause == MANAGER),
        estimated=(chance[2] < 0.60 + 0.2 * people.size) | (cause == COMPETITOR) | (cause == CONTRACTS),
    )


def with_regular_leavers(people: Population, fates: Fates) -> Population:
    """The same customers; who leaves for a cause had a rhythm, else nobody would notice that it broke."""
    caused = (fates.cause != STAYS) & (fates.cause != NO_CAUSE)
    return replace(people, regularity=np.where(caused, np.maximum(people.regularity, 3.0), people.regularity))
