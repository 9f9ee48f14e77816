"""When who orders: monthly levels of every customer, and the order dates drawn from them.

Gaps between a customer's orders are gamma-distributed in the customer's own time, which runs faster when its level is
high; the shape says how regular it is. Everything is vectors over customers x months or over orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.demo import markets
from pipelines.demo.fates import CONTRACTS, STAYS, TRACES, Fates
from pipelines.demo.population import Population
from pipelines.demo.rows import stream
from pipelines.demo.timeline import (
    DAY,
    HISTORY_END,
    LIFE_END,
    LIFE_START,
    MONTH_LENGTHS,
    MONTH_STARTS,
    MONTHS,
    Array,
    month_index,
    weekday,
)

WEEKEND_SHARE = 0.15
OPENS, CLOSES = 8 * 3600, 18 * 3600
HISTORY_MONTHS = int(month_index(np.array([HISTORY_END]))[0]) + 1


@dataclass(frozen=True)
class Levels:
    """Per customer and month: `ours` what we sell it, `market` what it needs (1 = its usual), `season`."""

    ours: Array
    market: Array
    season: Array


@dataclass(frozen=True)
class Orders:
    """All order heads of the life in order of time: customer and instant; the position is the order's number."""

    customer: Array
    placed: Array

    @property
    def count(self) -> int:
        return len(self.customer)

    @property
    def day(self) -> Array:
        return self.placed // DAY


def _decline(fates: Fates) -> Array:
    """What a cause leaves of the volume, (customers, months): a step at its start, a straight line to the end."""
    mid = MONTH_STARTS[:-1] + MONTH_LENGTHS / 2
    leaving = fates.cause != STAYS
    shape = np.where(leaving, fates.cause, 0)
    left = np.array([trace.volume_left for trace in TRACES])[shape]
    at_once = np.array([trace.at_once for trace in TRACES])[shape]
    span = np.where(leaving, fates.leaves - fates.decided, 1)
    start = np.where(leaving, fates.decided, LIFE_END + 1)
    progress = np.clip((mid[None, :] - start[:, None]) / span[:, None], 0.0, 1.0)
    lost = np.where(progress > 0, at_once[:, None] + (1.0 - at_once[:, None]) * progress, 0.0)
    return (1.0 - lost * (1.0 - left[:, None])).astype(np.float32)


def make_levels(seed: int, people: Population, fates: Fates) -> Levels:
    """The monthly levels of all customers."""
    rng = stream(seed, "levels")
    years = ((np.arange(MONTHS) - HISTORY_MONTHS / 2) / 12.0).astype(np.float32)
    growth = np.exp(np.clip(people.growth[:, None] * years[None, :], -1.2, 1.2)).astype(np.float32)
    market = growth * markets.industry_cycle(seed).astype(np.float32)[people.industry]
    noise = np.exp(rng.normal(0, 0.10, market.shape)).astype(np.float32)
    decline = _decline(fates)
    mid = (MONTH_STARTS[:-1] + MONTH_LENGTHS / 2)[None, :]
    paused = (mid >= fates.pauses[:, None]) & (mid < fates.resumes[:, None])
    ours = market * noise * decline * ~paused
    shrinking = (fates.cause == CONTRACTS)[:, None]
    return Levels(ours, np.where(shrinking, market * decline, market), markets.season(people.industry))


def _expected_orders(people: Population, levels: Levels) -> Array:
    """Orders (customers, months) by relative frequency, season and level; the level's other half goes into weight."""
    intensity = np.sqrt(levels.ours, dtype=np.float64) * levels.season * (people.frequency / 365.0)[:, None]
    intensity *= MONTH_LENGTHS[None, :] * ~people.prospect[:, None]
    return intensity


def _present_share(people: Population, fates: Fates) -> Array:
    """The share of each month of the history that each customer is with us, (customers, months)."""
    from_day = np.maximum(people.enters[:, None], MONTH_STARTS[None, :-1])
    to_day = np.minimum(fates.leaves[:, None], MONTH_STARTS[None, 1:])
    return (np.clip(to_day - from_day, 0, None) / MONTH_LENGTHS[None, :]).astype(np.float32)


def _renewals(rng: np.random.Generator, total: Array, regularity: Array) -> tuple[Array, Array]:
    """(customer, own time) of the orders: cumulated gamma gaps of mean one, begun at a random place of a gap."""
    slack = np.ceil(total + 4.5 * np.sqrt(total / regularity) + 4).astype(np.int64)
    slack[total == 0] = 0
    customer = np.repeat(np.arange(len(total)), slack)
    shape = regularity[customer]
    gaps = rng.gamma(shape) / shape
    first = np.cumsum(slack) - slack
    begun = first[slack > 0]
    gaps[begun] *= rng.random(len(begun))
    running = np.cumsum(gaps)
    own_time = running - np.repeat(running[begun] - gaps[begun], slack[slack > 0])
    inside = own_time < total[customer]
    return customer[inside], own_time[inside]


def _calendar_days(intensity: Array, customer: Array, own_time: Array) -> Array:
    """The day on which a customer's cumulated intensity reaches its own time."""
    flat = intensity.ravel()
    cumulated = np.cumsum(flat)
    before = np.concatenate([[0.0], cumulated])[:-1]
    position = before[customer * MONTHS] + own_time
    cell = np.minimum(np.searchsorted(cumulated, position, side="right"), (customer + 1) * MONTHS - 1)
    share = np.clip((position - before[cell]) / np.maximum(flat[cell], 1e-12), 0.0, 0.999999)
    month = cell % MONTHS
    return MONTH_STARTS[month] + (share * MONTH_LENGTHS[month]).astype(np.int64)


def _off_weekends(rng: np.random.Generator, day: Array) -> Array:
    """Most orders that fall on a weekend are placed in the week before it (Saturday) or after it (Sunday)."""
    place = weekday(day)
    moved = (place >= 5) & (rng.random(len(day)) >= WEEKEND_SHARE)
    distance = rng.integers(1, 6, len(day))
    return day + np.where(moved, np.where(place == 5, -distance, distance), 0)


def make_orders(seed: int, people: Population, fates: Fates, levels: Levels, lines: int) -> Orders:
    """The order heads of the whole life, so many that the history up to HISTORY_ENDS_ON holds about `lines` lines."""
    rng = stream(seed, "orders")
    intensity = _expected_orders(people, levels)
    in_history = (intensity * _present_share(people, fates))[:, :HISTORY_MONTHS].sum(axis=1)
    intensity *= lines / float((in_history * people.lines_mean).sum())
    customer, own_time = _renewals(rng, intensity.sum(axis=1), people.regularity)
    day = _calendar_days(intensity, customer, own_time)
    day = _off_weekends(rng, day)
    placed = day * DAY + rng.integers(OPENS, CLOSES, len(day))
    inside = (day >= np.maximum(people.enters, LIFE_START)[customer]) & (day < fates.leaves[customer])
    inside &= day <= LIFE_END
    customer, placed = customer[inside], placed[inside]
    order = np.lexsort((customer, placed))
    return Orders(customer[order], placed[order])
