"""Order heads and order lines of one part of the life, drawn from the part's own stream of chance.

A part is a fixed run of order numbers, so that any stretch of time can be made again without the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.demo import catalogue as goods
from pipelines.demo import markets
from pipelines.demo import vocabulary as words
from pipelines.demo.catalogue import Catalogue
from pipelines.demo.fates import COMPETITOR, Fates
from pipelines.demo.population import Population, customer_numbers
from pipelines.demo.rhythm import Levels, Orders
from pipelines.demo.rows import Batch, encoded, last_change, never, numbered, stream
from pipelines.demo.timeline import DAY, LIFE_START, NEVER, NULL, Array, month_index

PART = 50_000
MOST_LINES = 12
FIRST_ORDER = 10_000_001
GRAMS_A_KG = 1000
REASONS = encoded(("00", "10", "20", "30"))
YEN = words.CURRENCIES.index("JPY")


@dataclass(frozen=True)
class World:
    """Everything about the company that all parts share."""

    seed: int
    people: Population
    fates: Fates
    levels: Levels
    orders: Orders
    catalogue: Catalogue
    cost_index: Array
    price_index: Array
    rates: Array


@dataclass(frozen=True)
class Part:
    """The orders `first` to `first + count` with their lines.

    Of the orders: `customer`, `day`, `placed`, `currency`, `called_off` (instant the whole order was cancelled,
    NEVER). Of the lines: `order` (position in the part), `position` (1, 2, ...), `material`, `grams`, `price` and
    `cost` (hundredths of the currency per 1000 kg, cost NULL unknown), `lead` (days to the promised date),
    `struck` (instant the line was cancelled, NEVER).
    """

    first: int
    customer: Array
    day: Array
    placed: Array
    currency: Array
    called_off: Array
    order: Array
    position: Array
    material: Array
    grams: Array
    price: Array
    cost: Array
    lead: Array
    struck: Array

    @property
    def count(self) -> int:
        return len(self.customer)

    @property
    def gone(self) -> Array:
        """Per line: the instant from which it counts as cancelled, itself or by its order."""
        return np.minimum(self.struck, self.called_off[self.order])

    @property
    def promised(self) -> Array:
        """Per line: the promised day."""
        return self.day[self.order] + self.lead


def order_numbers(positions: Array) -> Array:
    """Order document numbers of positions in the life."""
    return numbered("", FIRST_ORDER + np.asarray(positions), 10)


def _materials(rng: np.random.Generator, world: World, customer: Array, day: Array) -> Array:
    """What each line orders: the customer's first slots most, no material before its launch, none of a lost family."""
    people, catalogue = world.people, world.catalogue
    slot = (people.slot_count[customer] * rng.random(len(customer)) ** 1.6).astype(np.int64)
    material = people.assortment[customer, slot]
    main = people.assortment[customer, 0]
    launched = catalogue.launched[material]
    lost = world.fates.under(COMPETITOR, customer, day) & (
        catalogue.family[material] == world.fates.lost_family[customer]
    )
    return np.where((launched > day) | lost, main, material)


def _grams(rng: np.random.Generator, world: World, customer: Array, month: Array) -> Array:
    """Line weights in grams: coils and bundles to the half kilogram, big lots to five kilograms."""
    level = np.sqrt(world.levels.ours[customer, month].astype(np.float64))
    weight = world.people.weight_kg[customer] * level * np.exp(rng.normal(0, 0.35, len(customer)))
    step = np.where(weight < 500, 0.5, 5.0)
    return (np.maximum(1, np.round(weight / step)) * step * GRAMS_A_KG).astype(np.int64)


def _prices(
    rng: np.random.Generator, world: World, customer: Array, day: Array, material: Array
) -> tuple[Array, Array]:
    """(price, cost) in hundredths of the order's currency per 1000 kg; cost NULL where the ERP knows none."""
    people, catalogue = world.people, world.catalogue
    since = day - LIFE_START
    currency = people.currency[customer]
    unit = 100.0 / world.rates[currency, since]
    price = catalogue.price[material] * world.price_index[since] * people.price_factor[customer]
    price *= np.exp(rng.normal(0, 0.025, len(customer))) * unit
    cost = catalogue.cost[material] * world.cost_index[since] * np.exp(rng.normal(0, 0.012, len(customer))) * unit
    whole = np.where(currency == YEN, 100.0, 1.0)
    price, cost = np.round(price / whole) * whole, np.round(cost / whole) * whole
    unknown = (rng.random(len(customer)) < people.uncosted[customer]) | catalogue.never_costed[material]
    return price.astype(np.int64), np.where(unknown, NULL, cost.astype(np.int64))


def make_part(world: World, part: int) -> Part:
    """The orders number part x PART onwards, with their lines."""
    rng = stream(world.seed, "part", part)
    orders, people = world.orders, world.people
    chosen = slice(part * PART, (part + 1) * PART)
    customer, placed = orders.customer[chosen], orders.placed[chosen]
    day = placed // DAY
    lines = np.clip(1 + rng.poisson(people.lines_mean[customer] - 1), 1, MOST_LINES)
    order = np.repeat(np.arange(len(customer)), lines)
    begins = np.cumsum(lines) - lines
    position = np.arange(len(order)) - begins[order] + 1
    buyer, line_day = customer[order], day[order]
    material = _materials(rng, world, buyer, line_day)
    grams = _grams(rng, world, buyer, month_index(line_day))
    price, cost = _prices(rng, world, buyer, line_day, material)
    lead = 6 + rng.integers(0, 4, len(order)) * 7 + rng.integers(0, 6, len(order))
    called_off = never(len(customer))
    cancels = rng.random(len(customer)) < people.cancel_rate[customer]
    delay = rng.integers(3600, 5 * DAY, len(customer))
    called_off[cancels] = (placed + delay)[cancels]
    struck = np.where(rng.random(len(order)) < 0.012, placed[order] + rng.integers(3600, 5 * DAY, len(order)), NEVER)
    return Part(
        first=part * PART,
        customer=customer,
        day=day,
        placed=placed,
        currency=people.currency[customer],
        called_off=called_off,
        order=order,
        position=position,
        material=material,
        grams=grams,
        price=price,
        cost=cost,
        lead=lead,
        struck=struck,
    )


def _salespeople(world: World, part: Part, chance: Array) -> Array:
    """Who took the order: the customer's own person, now and then the first of the department; some are not noted."""
    departments = len(words.DEPARTMENTS)
    handed_over = part.day >= world.people.handed_over[part.customer]
    own = world.people.salesperson[part.customer] + np.where(handed_over, departments, 0)
    colleague = own % departments
    taken = markets.person_ids(np.where(chance < 0.06, colleague, own))
    taken[chance > 0.995] = b""
    return taken


def order_heads(world: World, part: Part, completed: Array, until: int) -> Batch:
    """`sd.vbak` at `until`; `completed`: instant at which the last goods of each order were invoiced (NEVER)."""
    rng = stream(world.seed, "heads", part.first)
    chance = rng.random((2, part.count))
    late = (rng.random(part.count) < 0.0005) | _day_closers(part)
    created = np.where(late, (part.day + 1) * DAY + 6 * 3600, part.placed)
    called_off = np.where(part.called_off == NEVER, NEVER, np.maximum(part.called_off, created + 60))
    changed = last_change(created, until, called_off, completed)
    currency = encoded(words.CURRENCIES)[part.currency]
    currency[(chance[1] < 0.02) & (part.currency == 0)] = b""
    columns = {
        "vbeln": order_numbers(part.first + np.arange(part.count)),
        "auart": np.where(part.currency == 0, b"TA", b"ZEX"),
        "kunnr": customer_numbers(part.customer),
        "audat": part.day,
        "pernr": _salespeople(world, part, chance[0]),
        "waerk": currency,
        "abstk": np.where(called_off <= until, b"C", b"A"),
        "gbstk": np.where(completed <= until, b"C", b"A"),
        "erdat": created,
        "aedat": changed,
    }
    return Batch(columns, created, changed)


def _day_closers(part: Part) -> Array:
    """The last order of two days in five: its head reaches the sales system the next morning only."""
    last = np.ones(part.count, dtype=bool)
    last[:-1] = part.day[1:] != part.day[:-1]
    return last & (part.day % 5 < 2)


def order_lines(part: Part, until: int) -> Batch:
    """`sd.vbap` at `until`: weights in kg, prices and standard cost per 1000 kg."""
    created = part.placed[part.order]
    changed = last_change(created, until, part.struck)
    reason = REASONS[np.where(part.struck <= until, 1 + part.material % 3, 0)]
    promised = part.promised
    promised[part.grams % 97 == 0] = NULL
    count = len(part.order)
    columns = {
        "vbeln": order_numbers(part.first + part.order),
        "posnr": part.position * 10,
        "matnr": goods.material_numbers(np.arange(goods.COUNT))[part.material],
        "kwmeng": part.grams,
        "vrkme": np.full(count, b"KG"),
        "netpr": part.price,
        "kpein": np.full(count, 1000),
        "stprs": part.cost,
        "edatu": promised,
        "abgru": reason,
        "aedat": changed,
    }
    return Batch(columns, created, changed)
