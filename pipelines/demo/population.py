"""Who the customers are: what stays the same about each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.demo import catalogue as goods
from pipelines.demo import vocabulary as words
from pipelines.demo.names import company_names
from pipelines.demo.rows import numbered, stream
from pipelines.demo.timeline import LIFE_END, LIFE_START, NEVER, NULL, Array, day_number

SLOTS = 8
FIRST_NUMBER = 100_001
# log-size spread: the top fifth of the customers brings about four fifths of the revenue
FREQUENCY_PER_SIZE, LINES_PER_SIZE, WEIGHT_PER_SIZE = 0.75, 0.12, 0.78
PAYMENT_TERMS = np.array([15, 30, 45, 60, 90])


@dataclass(frozen=True)
class Population:
    """Arrays over the customers.

    `size` is the standard normal log-size; `frequency` relative orders a year (scaled later); `weight_kg` a line's
    typical weight; `regularity` the shape of the gaps between orders; `assortment` (customers, slots) materials,
    of which `slot_count` are used; `since`, `enters` days (since NULL: unknown; enters: of the first order at the
    earliest); `prospect`: never orders; `handed_over`: the day a colleague takes over from the salesperson, NEVER.
    """

    industry: Array
    region: Array
    department: Array
    currency: Array
    names: Array
    size: Array
    frequency: Array
    lines_mean: Array
    weight_kg: Array
    regularity: Array
    growth: Array
    price_factor: Array
    uncosted: Array
    lateness: Array
    cancel_rate: Array
    terms: Array
    pay_delay: Array
    pay_spread: Array
    assortment: Array
    slot_count: Array
    since: Array
    enters: Array
    prospect: Array
    salesperson: Array
    handed_over: Array

    @property
    def count(self) -> int:
        return len(self.size)


def customer_numbers(indexes: Array) -> Array:
    """The ERP's customer numbers, ten digits."""
    return numbered("", FIRST_NUMBER + np.asarray(indexes), 10)


def account_codes(indexes: Array) -> Array:
    """The CRM's codes of the same customers."""
    return numbered("AC", FIRST_NUMBER + np.asarray(indexes), 8)


def _choose(rng: np.random.Generator, shares: list[float], count: int) -> Array:
    weights = np.array(shares)
    return rng.choice(len(weights), count, p=weights / weights.sum())


def _assortment(rng: np.random.Generator, industry: Array, size: Array) -> tuple[Array, Array]:
    """Materials by slot: the slots go round the customer's families; slot 0 is an old material."""
    count = len(size)
    preferred = np.array([item.families for item in words.INDUSTRIES])
    families = 1 + rng.binomial(4, np.clip(0.30 + 0.13 * size, 0.05, 0.9))
    slot_count = np.minimum(SLOTS, families + rng.integers(0, 4, count))
    slots = np.arange(SLOTS)
    family = preferred[industry[:, None], slots[None, :] % families[:, None]]
    place = rng.integers(0, goods.PER_FAMILY, (count, SLOTS))
    place[:, 0] = rng.integers(0, goods.OLD_PER_FAMILY, count)
    return family * goods.PER_FAMILY + place, slot_count


def _entries(rng: np.random.Generator, count: int) -> tuple[Array, Array, Array]:
    """(since, enters, prospect): four in five were customers before the life starts, the others come during it."""
    newcomer = rng.random(count) < 0.22
    enters = np.where(newcomer, rng.integers(LIFE_START + 60, LIFE_END - 30, count), LIFE_START)
    early = rng.integers(day_number(date(2003, 1, 1)), LIFE_START - 30, count)
    since = np.where(newcomer, enters - rng.integers(0, 40, count), early)
    since[rng.random(count) < 0.03] = NULL
    prospect = rng.random(count) < 0.02
    return since, enters, prospect


def _payment_manners(rng: np.random.Generator, count: int) -> tuple[Array, Array, Array]:
    """(terms, mean delay, spread of the delay) in days: most pay in time, some late, a few very late."""
    kind = rng.random(count)
    delay = np.where(kind < 0.70, -2.0, np.where(kind < 0.93, 6.0, 28.0)) + rng.normal(0, 1.5, count)
    spread = np.where(kind < 0.70, 2.5, np.where(kind < 0.93, 7.0, 18.0))
    return rng.choice(PAYMENT_TERMS, count, p=[0.1, 0.4, 0.2, 0.25, 0.05]), delay, spread


def make_population(seed: int, count: int) -> Population:
    """`count` customers."""
    rng = stream(seed, "population")
    industry = _choose(rng, [item.share for item in words.INDUSTRIES], count)
    region = _choose(rng, [item.share for item in words.REGIONS], count)
    department = np.array([words.DEPARTMENTS.index(item.department) for item in words.REGIONS])[region]
    currency = np.array([words.CURRENCIES.index(item.currency) for item in words.REGIONS])[region]
    size = rng.normal(0, 1, count)
    assortment, slot_count = _assortment(rng, industry, size)
    since, enters, prospect = _entries(rng, count)
    terms, pay_delay, pay_spread = _payment_manners(rng, count)
    loss_maker = rng.random(count) < 0.03
    trend = rng.normal(0.02, 0.12, count) + np.where(rng.random(count) < 0.08, 0.35, 0.0)
    per_department = max(2, count // (40 * len(words.DEPARTMENTS)))
    return Population(
        industry=industry,
        region=region,
        department=department,
        currency=currency,
        names=company_names(seed, industry, region),
        size=size,
        frequency=np.exp(FREQUENCY_PER_SIZE * size + rng.normal(0, 0.3, count)),
        lines_mean=np.clip(2.6 * np.exp(LINES_PER_SIZE * size), 1.2, 8.0),
        weight_kg=np.clip(4000 * np.exp(WEIGHT_PER_SIZE * size + rng.normal(0, 0.35, count)), 150, 400_000),
        regularity=np.exp(rng.normal(1.3, 0.7, count)),
        growth=trend - np.where(rng.random(count) < 0.08, 0.30, 0.0),
        price_factor=1.0 - 0.012 * size + rng.normal(0, 0.025, count) - np.where(loss_maker, 0.16, 0.0),
        uncosted=np.where(rng.random(count) < 0.015, 0.8, 0.012),
        lateness=np.clip(rng.normal(0.06, 0.025, count), 0.01, 0.15),
        cancel_rate=np.clip(rng.gamma(1.2, 0.015, count), 0.0, 0.2),
        terms=terms,
        pay_delay=pay_delay,
        pay_spread=pay_spread,
        assortment=assortment,
        slot_count=slot_count,
        since=since,
        enters=enters,
        prospect=prospect,
        salesperson=department + len(words.DEPARTMENTS) * rng.integers(0, per_department, count),
        handed_over=np.where(rng.random(count) < 0.2, rng.integers(LIFE_START, LIFE_END, count), NEVER),
    )
