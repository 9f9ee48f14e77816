"""The customer master and the contracts of the sales system, as they stand at an instant."""

from __future__ import annotations

import numpy as np

from pipelines.demo import vocabulary as words
from pipelines.demo.fates import Fates
from pipelines.demo.names import renamed
from pipelines.demo.population import FIRST_NUMBER, Population, customer_numbers
from pipelines.demo.rhythm import Levels
from pipelines.demo.rows import Batch, encoded, last_change, never, numbered, stream
from pipelines.demo.timeline import (
    DAY,
    FIRST_YEAR,
    HISTORY_END,
    LAST_YEAR,
    LIFE_END,
    LIFE_START,
    NEVER,
    NULL,
    ORIGIN,
    Array,
    day_number,
    month_index,
)

MIGRATED = (LIFE_START - 1) * DAY + 20 * 3600
CONTRACT_KINDS = encoded(("K0", "K1", "K2", "K3"))
TERMS = 5


def missing_in_master(people: Population, fates: Fates, seed: int) -> tuple[Array, Array]:
    """(customers that the master lacks, instant at which each is entered after all, NEVER for most).

    A handful, among them those that left long ago; two are entered on the last two mornings of the history.
    """
    rng = stream(seed, "missing")
    count = int(np.clip(round(0.003 * people.count), 3, 9))
    gone = np.flatnonzero((fates.leaves < HISTORY_END - 200) & ~people.prospect)
    there = np.flatnonzero((fates.leaves == NEVER) & (people.enters == LIFE_START) & ~people.prospect)
    chosen = np.concatenate([rng.choice(gone, count - 2, replace=False), rng.choice(there, 2, replace=False)])
    entered = never(count)
    entered[-2:] = np.array([HISTORY_END - 1, HISTORY_END]) * DAY + 11 * 3600
    return chosen, entered


def _limits(seed: int, people: Population, until: int) -> tuple[Array, Array]:
    """(credit limit in CNY, instant of its last review): reviewed every year on the customer's own day."""
    rng = stream(seed, "limits")
    limit = np.round(np.exp(11.5 + 1.2 * people.size), -4) + 20_000
    review_day = rng.integers(0, 360, people.count)
    growth = rng.normal(0.03, 0.08, (LAST_YEAR - FIRST_YEAR + 1, people.count))
    reviewed = never(people.count)
    for step, year in enumerate(range(FIRST_YEAR, LAST_YEAR + 1)):
        instant = (day_number(ORIGIN.replace(year=year)) + review_day) * DAY + 16 * 3600
        done = (instant <= until) & (instant > MIGRATED) & (np.abs(growth[step]) > 0.05)
        limit = np.where(done, np.round(limit * (1 + growth[step]), -4), limit)
        reviewed = np.where(done, instant, reviewed)
    return np.maximum(limit, 10_000).astype(np.int64) * 100, reviewed


def customer_table(seed: int, people: Population, fates: Fates, until: int) -> Batch:
    """`md.kna1` at `until`: renamed firms, reviewed limits, customers moved to another sales department."""
    rng = stream(seed, "master")
    count = people.count
    created = np.where(people.enters > LIFE_START, (people.enters - 2) * DAY + 9 * 3600, MIGRATED)
    missing, entered = missing_in_master(people, fates, seed)
    created[missing] = entered
    renaming = np.where(rng.random(count) < 0.05, rng.integers(LIFE_START + 100, LIFE_END, count), NEVER)
    renaming[rng.choice(np.flatnonzero(created == MIGRATED), 2, replace=False)] = HISTORY_END - np.array([1, 0])
    renaming = np.where(renaming == NEVER, NEVER, renaming * DAY + 14 * 3600)
    moving = np.where(rng.random(count) < 0.02, rng.integers(LIFE_START + 100, LIFE_END, count) * DAY, NEVER)
    limit, reviewed = _limits(seed, people, until)
    limit[rng.random(count) < 0.02] = NULL
    changed = last_change(created, until, renaming, moving, reviewed)
    domestic = people.department < 5
    department = np.where((moving <= until) & domestic, (people.department + 1) % 5, people.department)
    industry = encoded([item.code for item in words.INDUSTRIES])[people.industry]
    region = encoded([item.code for item in words.REGIONS])[people.region]
    industry[rng.random(count) < 0.015] = b""
    region[rng.random(count) < 0.005] = b""
    columns = {
        "kunnr": customer_numbers(np.arange(count)),
        "name1": np.where(renaming <= until, renamed(people.names), people.names),
        "brsch": industry,
        "regio": region,
        "vkbur": encoded(words.DEPARTMENT_CODES)[department],
        "erdat": people.since,
        "klimk": limit,
        "waers": encoded(words.CURRENCIES)[people.currency],
        "aedat": changed,
    }
    return Batch(columns, created, changed)


def yearly_weight(people: Population, levels: Levels, orders_a_year: Array) -> Array:
    """Kilograms a year that each customer would usually buy from us, before any cause works, (customers, months)."""
    return (orders_a_year * people.lines_mean * people.weight_kg)[:, None] * levels.market


def _chains(seed: int, people: Population, fates: Fates) -> dict[str, Array]:
    """Contracts one after the other of the customers that have any, flat: customer, place, starts, ends, level."""
    rng = stream(seed, "contracts")
    has = (rng.random(people.count) < np.clip(0.12 + 0.22 * people.size, 0.03, 0.9)) & ~people.prospect
    count = people.count
    months = rng.choice([12, 24, 36], (count, TERMS), p=[0.6, 0.3, 0.1])
    pause = np.where(rng.random((count, TERMS)) < 0.2, 60, 1)
    starts = np.empty((count, TERMS), dtype=np.int64)
    starts[:, 0] = np.maximum(people.enters, LIFE_START) + rng.integers(-300, 300, count)
    ends = np.empty_like(starts)
    for term in range(TERMS):
        if term:
            starts[:, term] = ends[:, term - 1] + pause[:, term]
        ends[:, term] = starts[:, term] + (months[:, term] * 30.4375).astype(np.int64) - 1
    level = np.clip(np.round(1.1 + 0.8 * people.size[:, None] + rng.normal(0, 0.5, (count, TERMS))), 0, 3)
    valid = has[:, None] & (starts < np.minimum(fates.decided, LIFE_END)[:, None])
    valid &= starts >= np.where(people.enters > LIFE_START, people.enters, 0)[:, None]
    customer, place = np.nonzero(valid)
    return {
        "customer": customer,
        "place": place,
        "starts": starts[valid],
        "ends": ends[valid],
        "level": level[valid].astype(np.int64),
        "months": months[valid],
    }


def contract_tables(seed: int, people: Population, fates: Fates, weight: Array, until: int) -> tuple[Batch, Batch]:
    """`sd.vbkk` (contract heads) and `sd.vbkp` (target quantities by family) at `until`; some heads are prolonged."""
    chains = _chains(seed, people, fates)
    rng = stream(seed, "contract terms")
    customer, count = chains["customer"], len(chains["customer"])
    created = np.maximum((chains["starts"] - 20) * DAY + 10 * 3600, MIGRATED)
    prolonged = np.where(rng.random(count) < 0.25, (chains["ends"] - rng.integers(5, 60, count)) * DAY + 39_600, NEVER)
    prolonged[chains["ends"] * DAY < MIGRATED] = NEVER
    prolonged = np.where(prolonged // DAY >= fates.decided[customer], NEVER, prolonged)
    _prolong_on_last_days(prolonged, chains)
    extra = rng.choice([30, 59, 89], count)
    changed = last_change(created, until, prolonged)
    numbers = numbered("", 40_000_000 + (FIRST_NUMBER + customer) * 10 + chains["place"], 10)
    heads = {
        "vbeln_k": numbers,
        "kunnr": customer_numbers(customer),
        "ktart": CONTRACT_KINDS[chains["level"]],
        "guebg": chains["starts"],
        "gueen": chains["ends"] + np.where(prolonged <= until, extra, 0),
        "aedat": changed,
    }
    items = _target_quantities(rng, people, chains, numbers, weight)
    line = items.pop("contract")
    return Batch(heads, created, changed), Batch({**items, "aedat": created[line]}, created[line], created[line])


def _prolong_on_last_days(prolonged: Array, chains: dict[str, Array]) -> None:
    """On each of the last two days of the history one contract is prolonged."""
    running = np.flatnonzero((chains["starts"] < HISTORY_END - 30) & (chains["ends"] > HISTORY_END + 5))
    for back, contract in enumerate(running[:2].tolist()):
        prolonged[contract] = (HISTORY_END - back) * DAY + 15 * 3600


def _target_quantities(
    rng: np.random.Generator, people: Population, chains: dict[str, Array], numbers: Array, weight: Array
) -> dict[str, Array]:
    """Committed grams by family over the contract's term, for levels above spot."""
    customer = chains["customer"]
    a_year = weight[customer, month_index(chains["starts"])].astype(np.float64)
    total = a_year * chains["months"] / 12 * rng.uniform(0.55, 1.05, len(customer))
    families = np.where(people.slot_count[customer] > 1, 2, 1)
    families[chains["level"] == 0] = 0
    contract = np.repeat(np.arange(len(customer)), families)
    first = np.cumsum(families) - families
    place = np.arange(len(contract)) - first[contract]
    share = np.where(families[contract] == 1, 1.0, np.where(place == 0, 0.65, 0.35))
    codes = encoded([family.code for family in words.FAMILIES])
    family = people.assortment[customer[contract], place] // 12
    return {
        "contract": contract,
        "vbeln_k": numbers[contract],
        "posnr_k": 10 * (place + 1),
        "matkl": codes[family],
        "zmeng": np.maximum(1000, np.round(total[contract] * share, -2)).astype(np.int64) * 1000,
        "vrkme": np.full(len(contract), b"KG"),
    }
