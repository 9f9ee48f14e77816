"""Order histories whose timing is known: pure noise, a broken rhythm, complaints that nobody settles."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.reference.parameters import Company

DAYS = 5 * 365


def _company(orders: list[tuple[str, date]], complaints: list[tuple[str, date]]) -> Company:
    placed = sorted(orders, key=lambda one: (one[1], one[0]))
    return {
        "customer": [{"customer_id": name, "customer_name": name} for name in sorted({name for name, _ in placed})],
        "product": [{"product_id": "P", "product_name": "P", "product_family": "plate"}],
        "sales_order": [
            {"order_id": f"O{number}", "customer_id": name, "ordered_on": day}
            for number, (name, day) in enumerate(placed)
        ],
        "sales_order_line": [
            {
                "order_id": f"O{number}", "line_number": 1, "product_id": "P", "quantity": Decimal(5),
                "unit_price": Decimal(10), "unit_cost": Decimal(7),
            }
            for number in range(len(placed))
        ],
        "service_record": [
            {"service_id": f"V{number}", "customer_id": name, "kind": "complaint", "severity": 3, "opened_on": day}
            for number, (name, day) in enumerate(complaints)
        ],
    }  # fmt: skip


def _memoryless(dice: Random, first: date, last: date, mean_gap: float) -> list[date]:
    """Order dates of a Poisson process: how long a customer has been silent says nothing about when it orders next."""
    days, at = [], dice.expovariate(1 / mean_gap)
    while first + timedelta(days=int(at)) <= last:
        days.append(first + timedelta(days=int(at)))
        at += dice.expovariate(1 / mean_gap)
    return days


def pure_noise(as_of: date, customers: int = 400, seed: int = 1) -> Company:
    """Everybody orders at random times at the same rate: nothing before a day tells what comes after it."""
    dice, first = Random(seed), as_of - timedelta(days=DAYS)
    names = [f"N{number:04d}" for number in range(customers)]
    orders = [(name, day) for name in names for day in _memoryless(dice, first, as_of, 150)]
    complaints = [
        (name, first + timedelta(days=dice.randrange(DAYS))) for name in names for _ in range(dice.randrange(3))
    ]
    return _company(orders, complaints)


def broken_rhythm(as_of: date, customers: int = 400, seed: int = 2) -> Company:
    """Everybody orders in a rhythm of its own until it stops: who is late has mostly left."""
    dice, first = Random(seed), as_of - timedelta(days=DAYS)
    orders = []
    for number in range(customers):
        gap, day = dice.choice((15, 30, 60)), first + timedelta(days=dice.randrange(60))
        end = first + timedelta(days=int(dice.expovariate(1 / 900)) + 200)
        while day <= min(end, as_of):
            orders.append((f"R{number:04d}", day))
            day += timedelta(days=max(1, int(dice.gauss(gap, gap / 6))))
    return _company(orders, [])


def unsettled_complaints(as_of: date, customers: int = 400, seed: int = 3) -> Company:
    """Orders at random times; after a complaint the last one within a month: only the complaint tells who leaves."""
    dice, first = Random(seed), as_of - timedelta(days=DAYS)
    orders, complaints = [], []
    for number in range(customers):
        name = f"C{number:04d}"
        days = _memoryless(dice, first, as_of, 60)
        end = first + timedelta(days=int(dice.expovariate(1 / 1500)) + 400)
        orders += [(name, day) for day in days if day <= end + timedelta(days=30)]
        if end <= as_of:
            complaints.append((name, end))
    return _company(orders, complaints)
