"""What follows an order: deliveries, its invoice, the payments. Everything of an order ends within LOOK_BACK days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.demo import markets
from pipelines.demo import vocabulary as words
from pipelines.demo.fates import PROMISES
from pipelines.demo.population import customer_numbers
from pipelines.demo.rows import Batch, encoded, last_change, numbered, stream
from pipelines.demo.sales import Part, World, order_numbers
from pipelines.demo.timeline import DAY, NEVER, NULL, Array

LOOK_BACK = 330
LONGEST_DELAY = 60
LATEST_PAYMENT = 200
GRAMS_CENTS_PER_CENT = 1_000_000
BOOKING_HOUR, BANK_HOUR = 19 * 3600, 7 * 3600


@dataclass(frozen=True)
class Shipments:
    """Per line of a part: the day of its first delivery, its share, the day of the second (NULL: none), grams sent.

    Lines cancelled have `first` NULL.
    """

    first: Array
    second: Array
    first_grams: Array
    second_grams: Array

    @property
    def last(self) -> Array:
        return np.maximum(self.first, self.second)


@dataclass(frozen=True)
class Bills:
    """Per order of a part: invoice day (NULL none), due day, amount in hundredths, the instant it was settled."""

    issued: Array
    due: Array
    amount: Array
    settled: Array
    payments: Payments

    @property
    def completed(self) -> Array:
        """The instant at which the order was invoiced, NEVER where not."""
        return np.where(self.issued == NULL, NEVER, self.issued * DAY + BOOKING_HOUR)


@dataclass(frozen=True)
class Payments:
    """Payments of a part: order's position, which of its payments, day, hundredths; known to us the next morning."""

    order: Array
    number: Array
    day: Array
    amount: Array


def make_shipments(world: World, part: Part) -> Shipments:
    """Deliveries of the lines that were not cancelled: mostly in time, in one piece."""
    rng = stream(world.seed, "shipments", part.first)
    count = len(part.order)
    customer, promised = part.customer[part.order], part.promised
    late_share = world.people.lateness[customer] + np.where(markets.disrupted(promised), 0.15, 0.0)
    late_share = np.where(world.fates.under(PROMISES, customer, promised), 0.55, late_share)
    late = rng.random(count) < late_share
    delay = np.where(late, 1 + rng.geometric(0.11, count), -rng.integers(0, 4, count))
    first = np.maximum(promised + np.minimum(delay, LONGEST_DELAY), part.day[part.order] + 1)
    split = rng.random(count) < 0.10
    share = np.where(split, rng.uniform(0.5, 0.9, count), 1.0)
    weighed = np.where(rng.random(count) < 0.3, rng.uniform(0.985, 1.01, count), 1.0)
    sent = np.maximum(1000, np.round(part.grams * weighed / 500) * 500).astype(np.int64)
    first_grams = np.where(split, np.maximum(500, (sent * share / 500).astype(np.int64) * 500), sent)
    split &= first_grams < sent
    second = np.where(split, first + rng.integers(3, 20, count), NULL)
    kept = part.gone == NEVER
    return Shipments(np.where(kept, first, NULL), np.where(kept, second, NULL), first_grams, sent - first_grams)


def delivery_items(world: World, part: Part, shipments: Shipments, until: int) -> Batch:
    """`sd.lips` at `until`: one row per delivered part of a line, never changed."""
    rng = stream(world.seed, "deliveries", part.first)
    days = np.concatenate([shipments.first, shipments.second])
    grams = np.concatenate([shipments.first_grams, shipments.second_grams])
    line = np.tile(np.arange(len(part.order)), 2)
    round_ = np.repeat(np.array([0, 1]), len(part.order))
    hour = rng.integers(8 * 3600, 20 * 3600, len(days))
    posted_late = rng.random(len(days)) < 0.03
    exists = np.flatnonzero((days != NULL) & (days * DAY <= until))
    exists = exists[np.argsort(days[exists], kind="stable")]
    days, line, round_ = days[exists], line[exists], round_[exists]
    created = (days + posted_late[exists]) * DAY + hour[exists]
    order = part.first + part.order[line]
    columns = {
        "vbeln_vl": numbered("", 80_000_000 + 2 * order + round_, 10),
        "posnr_vl": part.position[line] * 10,
        "vgbel": order_numbers(order),
        "vgpos": part.position[line] * 10,
        "wadat_ist": days,
        "lfimg": grams[exists],
        "vrkme": np.full(len(days), b"KG"),
        "aedat": created,
    }
    return Batch(columns, created, created)


def _order_sums(part: Part, shipments: Shipments) -> tuple[Array, Array]:
    """(last delivery day, amount in hundredths) per order; NULL and 0 where nothing was delivered."""
    delivered = shipments.first != NULL
    last = np.full(part.count, NULL)
    np.maximum.at(last, part.order[delivered], shipments.last[delivered])
    value = (part.grams * part.price + GRAMS_CENTS_PER_CENT // 2) // GRAMS_CENTS_PER_CENT
    amount = np.zeros(part.count, dtype=np.int64)
    np.add.at(amount, part.order[delivered], value[delivered])
    return last, amount


def _installments(rng: np.random.Generator, amount: Array) -> Array:
    """Hundredths paid at each of up to three times, (orders, 3): mostly all at once, a few short, none or too much."""
    count = len(amount)
    kind = rng.random(count)
    parts = np.where(kind < 0.84, 1, np.where(kind < 0.95, 2, 3))
    outcome = rng.random(count)
    factor = np.where(outcome < 0.004, 1.01, np.where(outcome > 0.988, 0.0, np.where(outcome > 0.97, 0.97, 1.0)))
    total = np.where(factor == 1.0, amount, (amount * factor).astype(np.int64))
    paid = np.zeros((count, 3), dtype=np.int64)
    share = rng.uniform(0.3, 0.7, (count, 2))
    paid[:, 0] = np.where(parts == 1, total, (total * share[:, 0]).astype(np.int64))
    rest = total - paid[:, 0]
    paid[:, 1] = np.where(parts == 2, rest, np.where(parts == 3, (rest * share[:, 1]).astype(np.int64), 0))
    paid[:, 2] = rest - paid[:, 1]
    return paid


def make_bills(world: World, part: Part, shipments: Shipments) -> Bills:
    """One invoice per delivered order, and what was paid on it."""
    rng = stream(world.seed, "bills", part.first)
    people, customer = world.people, part.customer
    last, amount = _order_sums(part, shipments)
    issued = np.where(last == NULL, NULL, last + rng.integers(0, 3, part.count))
    due = np.where(issued == NULL, NULL, issued + people.terms[customer])
    paid = _installments(rng, amount)
    paid[issued == NULL] = 0
    delay = np.round(people.pay_delay[customer] + people.pay_spread[customer] * rng.normal(0, 1, part.count))
    delay = delay + np.where(rng.random(part.count) < 0.02, rng.integers(20, 90, part.count), 0)
    first = np.where(issued == NULL, NULL, np.maximum(due + delay.astype(np.int64), issued + 1))
    days = first[:, None] + np.cumsum(np.insert(rng.integers(7, 35, (part.count, 2)), 0, 0, axis=1), axis=1)
    days = np.minimum(days, issued[:, None] + LATEST_PAYMENT)
    row, number = np.nonzero(paid > 0)
    payments = Payments(row, number, days[row, number], paid[row, number])
    full = (paid.sum(axis=1) >= amount) & (issued != NULL)
    last_paid = np.where(paid > 0, days, NULL).max(axis=1)
    settled = np.where(full, (last_paid + 1) * DAY + BANK_HOUR + 3600, NEVER)
    return Bills(issued, due, amount, settled, payments)


def invoices(world: World, part: Part, bills: Bills, until: int) -> Batch:
    """`fi.vbrk` at `until`: `augst` turns from O (open) to C (cleared) when the money is there."""
    rng = stream(world.seed, "invoices", part.first)
    collective = rng.random(part.count) < 0.01
    exists = np.flatnonzero((bills.issued != NULL) & (bills.completed <= until))
    created, settled = bills.completed[exists], bills.settled[exists]
    changed = last_change(created, until, settled)
    order = order_numbers(part.first + exists)
    order[collective[exists]] = b""
    columns = {
        "vbeln_vf": numbered("", 90_000_000 + part.first + exists, 10),
        "kunag": customer_numbers(part.customer[exists]),
        "aubel": order,
        "fkdat": bills.issued[exists],
        "faedt": bills.due[exists],
        "netwr": bills.amount[exists],
        "waerk": encoded(words.CURRENCIES)[part.currency[exists]],
        "augst": np.where(settled <= until, b"C", b"O"),
        "aedat": changed,
    }
    return Batch(columns, created, changed)


def incoming_payments(world: World, part: Part, bills: Bills, until: int) -> Batch:
    """`fi.zahlung` at `until`: the bank's statement of a day is booked the next morning."""
    payments = bills.payments
    rng = stream(world.seed, "payments", part.first)
    unnamed = rng.random(len(payments.day)) < 0.04
    minute = rng.integers(0, 3600, len(payments.day))
    created = (payments.day + 1) * DAY + BANK_HOUR + minute
    exists = created <= until
    order, created = payments.order[exists], created[exists]
    currency = encoded(words.CURRENCIES)[part.currency[order]]
    currency[unnamed[exists]] = b""
    columns = {
        "belnr": numbered("", 1_500_000_000 + 4 * (part.first + order) + payments.number[exists], 10),
        "rebzg": numbered("", 90_000_000 + part.first + order, 10),
        "augdt": payments.day[exists],
        "wrbtr": payments.amount[exists],
        "waers": currency,
        "aedat": created,
    }
    return Batch(columns, created, created)
