"""Tickets of the service desk: complaints, returns, questions; the complaints that drive customers away."""

from __future__ import annotations

import numpy as np

from pipelines.demo import vocabulary as words
from pipelines.demo.fates import COMPLAINT, PROMISES, Fates
from pipelines.demo.population import Population, account_codes
from pipelines.demo.rhythm import Orders
from pipelines.demo.rows import Batch, last_change, numbered, stream
from pipelines.demo.sales import order_numbers
from pipelines.demo.timeline import DAY, HISTORY_END, LIFE_END, NEVER, NULL, Array

TYPES = ("CMP", "RET", "TEC", "INQ")
TICKETS_PER_ORDER = 0.045
NO_ORDER = -1


def _from_orders(rng: np.random.Generator, orders: Orders, fates: Fates) -> dict[str, Array]:
    """Tickets that follow an order by two to sixty days; broken promises bring three times as many."""
    chance = TICKETS_PER_ORDER * np.where(fates.under(PROMISES, orders.customer, orders.day), 3.0, 1.0)
    order = np.flatnonzero(rng.random(orders.count) < chance)
    kind = rng.choice(4, len(order), p=[0.27, 0.13, 0.20, 0.40])
    severity = rng.choice([1, 2, 3, 4, NULL], len(order), p=[0.35, 0.35, 0.20, 0.05, 0.05])
    length = (rng.gamma(1.3, 4.0, len(order)) * DAY).astype(np.int64) + 3600
    length = np.where(rng.random(len(order)) < 0.05, length + rng.integers(15, 70, len(order)) * DAY, length)
    opened = orders.placed[order] + rng.integers(2, 60, len(order)) * DAY
    noted = np.where((kind < 2) | (rng.random(len(order)) < 0.3), order, NO_ORDER)
    return {
        "customer": orders.customer[order],
        "order": noted,
        "kind": kind,
        "severity": severity,
        "opened": opened,
        "closed": opened + length,
    }


def _that_drive_away(rng: np.random.Generator, fates: Fates) -> dict[str, Array]:
    """The grave complaint, sometimes two, on the day the cause starts; settled very late or never."""
    first = np.flatnonzero(fates.cause == COMPLAINT)
    again = first[rng.random(len(first)) < 0.4]
    customer = np.concatenate([first, again])
    count = len(customer)
    opened = fates.decided[customer] * DAY + rng.integers(9 * 3600, 17 * 3600, count)
    opened[len(first) :] += rng.integers(5, 18, len(again)) * DAY
    late = opened + rng.integers(90, 220, count) * DAY
    return {
        "customer": customer,
        "order": np.full(count, NO_ORDER),
        "kind": rng.choice(2, count, p=[0.8, 0.2]),
        "severity": rng.choice([3, 4], count),
        "opened": opened,
        "closed": np.where(rng.random(count) < 0.5, NEVER, late),
    }


def _costs(rng: np.random.Generator, people: Population, rows: dict[str, Array]) -> Array:
    """Cost in fen, known when the ticket is closed: complaints and returns by the customer's lot size."""
    lot = people.weight_kg[rows["customer"]] * 4.2
    share = np.array([0.045, 0.09, 0.006, 0.001])[rows["kind"]]
    weight = np.where(rows["severity"] == NULL, 1, rows["severity"])
    return (lot * share * weight * rng.gamma(2.0, 0.5, len(lot)) * 100).astype(np.int64)


def ticket_table(seed: int, people: Population, fates: Fates, orders: Orders, until: int) -> Batch:
    """`Ticket` at `until`: a ticket is open (no ClosedAt, no cost) until it is closed."""
    rng = stream(seed, "tickets")
    parts = (_from_orders(rng, orders, fates), _that_drive_away(rng, fates))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["customer"], rows["opened"]))
    rows = {name: values[order] for name, values in rows.items()}
    cost = _costs(rng, people, rows)
    _close_on_last_days(rows)
    count = len(cost)
    closed = rows["closed"] <= until
    subject = rng.integers(0, 60, count)
    columns = {
        "TicketNo": numbered("T", 1_000_000 + np.arange(count), 7),
        "AccountCode": account_codes(rows["customer"]),
        "SalesOrderRef": np.where(rows["order"] == NO_ORDER, b"", order_numbers(np.maximum(rows["order"], 0))),
        "TicketType": np.array([code.encode() for code in TYPES])[rows["kind"]],
        "Priority": rows["severity"],
        "Subject": _subjects(rows["kind"], subject),
        "OpenedAt": rows["opened"],
        "ClosedAt": np.where(closed, rows["closed"], NULL),
        "CostFen": np.where(closed, cost, NULL),
    }
    changed = last_change(rows["opened"], until, rows["closed"])
    inside = rows["opened"] < (LIFE_END + 1) * DAY
    columns["ModifiedAt"] = changed
    return Batch({name: values[inside] for name, values in columns.items()}, rows["opened"][inside], changed[inside])


def _subjects(kind: Array, pick: Array) -> Array:
    texts = [[text.encode() for text in words.TICKET_SUBJECTS[code]] for code in TYPES]
    longest = max(len(choices) for choices in texts)
    table = np.array([[choices[place % len(choices)] for place in range(12)] for choices in texts])
    return table[kind, pick % (longest * 3)]


def _close_on_last_days(rows: dict[str, Array]) -> None:
    """On each of the last two days of the history at least one older ticket is closed."""
    opened, closed = rows["opened"], rows["closed"]
    still_open = np.flatnonzero((opened < (HISTORY_END - 20) * DAY) & (closed > (HISTORY_END + 1) * DAY))
    for back, ticket in enumerate(still_open[:2].tolist()):
        rows["closed"][ticket] = (HISTORY_END - back) * DAY + 15 * 3600
