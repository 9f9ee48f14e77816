"""Small nasty companies: seeded, random, full of the cases in which readings of the method differ.

Dates lie on window edges, rows are dated after D, costs are known for about half of the revenue, payments are partial,
over, late and many, rates are just seven days old, ids differ in case only, masters are missing, keys are doubled.
Every cell is text-safe for a CSV folder in the `canonical` mapping's form (empty = null, ISO dates).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.reference.parameters import Company, Row, months_before
from tests.reference.relations import add_relations
from tests.reference.staging import KEYS, RATE_MAX_AGE_DAYS
from tests.reference.strays import add_newcomers, add_strays

AS_OF_DATES = (
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2024, 12, 31),
    date(2025, 6, 30),
    date(2025, 3, 1),
    date(2023, 10, 17),
)
NASTY_IDS = [
    "A",
    "a",
    "B",
    "ä",
    "Z",
    "客户甲",
    "客户乙",
    "K-9",
    "K-10",
    "K-010",
    "O'Brien",
    'x,"y"',
    "😀",
    "1",
    "01",
    "a b",
]
FOREIGN = ("USD", "EUR")
OPTIONAL = ("survey_response", "interaction", "account_assignment", "demand_estimate", "contract", "collaboration")
FAR_BACK = timedelta(days=5 * 366)


@dataclass(frozen=True)
class Shape:
    """What kind of company: `costs` is mixed, known, none or losses; `optional` the optional entities delivered."""

    customers: int
    history_days: int
    costs: str
    optional: frozenset[str]
    currencies: tuple[str | None, ...]


class Maker:
    """Rows of one company under construction, with the dice and the dates that matter."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.dice = Random(seed * 1_000_003 + as_of.toordinal())
        self.as_of = as_of
        self.rows: Company = {entity: [] for entity in KEYS}
        self.edges = self._edges()
        self.shape = self._shape()
        self.customer_ids = self._customer_ids()
        self.families = {f"P{n}": self.dice.choice(("plate", "coil", "bar", "wire", "tube", "rail")) for n in range(12)}

    def _edges(self) -> list[date]:
        """The first and last days inside and outside every window, and D itself."""
        ends = [months_before(self.as_of, months) for months in (12, 24, 36, 48)]
        ends += [self.as_of, self.as_of - timedelta(days=180), months_before(self.as_of - timedelta(days=180), 12)]
        return [end + timedelta(days=shift) for end in ends for shift in (-1, 0, 1)]

    def _shape(self) -> Shape:
        dice = self.dice
        currencies: tuple[str | None, ...] = dice.choice(((None,), (None, "CNY", "USD"), (None, "CNY", *FOREIGN)))
        chosen = dice.choice((OPTIONAL, OPTIONAL, OPTIONAL[:3], ()))
        return Shape(
            customers=dice.randint(20, 60),
            history_days=dice.choice((300, 900, 1500, 1500, 1900)),
            costs=dice.choice(("mixed", "mixed", "mixed", "known", "none", "losses")),
            optional=frozenset(chosen),
            currencies=currencies,
        )

    def _customer_ids(self) -> list[str]:
        plain = [f"C{number:03d}" for number in range(self.shape.customers)]
        return (NASTY_IDS + plain)[: self.shape.customers]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.dice.randint(0, max(0, (last - first).days)))

    def any_day(self) -> date:
        """Of the last five years: often a window's edge, sometimes after D."""
        if self.chance(0.35):
            return self.dice.choice(self.edges)
        return self.day(self.as_of - FAR_BACK, self.as_of + timedelta(days=45))

    def money(self, low: int, high: int) -> Decimal:
        return Decimal(self.dice.randint(low * 100, high * 100)) / 100

    def next_id(self, entity: str, prefix: str) -> str:
        return f"{prefix}{len(self.rows[entity]) + 1}"

    def customer(self) -> str:
        """Any customer, now and then one that the master data does not hold."""
        return self.dice.choice(["unknown", "Unbekannt"]) if self.chance(0.03) else self.dice.choice(self.customer_ids)


def _add_masters(make: Maker) -> None:
    dice = make.dice
    for customer in make.customer_ids:
        if make.chance(0.07):
            continue
        make.rows["customer"].append(
            {
                "customer_id": customer,
                "customer_name": None if make.chance(0.04) else f"Name of {customer}",
                "industry": dice.choice(("steel", "auto", "汽车", None)),
                "region": dice.choice(("north", None)),
                "sales_department": dice.choice(("D1", "D2", "d1", None)),
                "customer_since_on": make.any_day() if make.chance(0.7) else None,
                "credit_limit": make.money(0, 900) if make.chance(0.5) else None,
            }
        )
    for product, family in make.families.items():
        if make.chance(0.85):
            make.rows["product"].append(
                {
                    "product_id": product,
                    "product_name": product if make.chance(0.8) else None,
                    "product_family": None if make.chance(0.08) else family,
                    "is_premium": dice.choice((True, False, None)),
                    "launched_on": make.any_day() if make.chance(0.8) else None,
                }
            )


def _order_days(make: Maker) -> list[date]:
    """The order dates of one customer: one of several ways of buying."""
    dice, start = make.dice, make.as_of - timedelta(days=make.shape.history_days)
    way = dice.choice(("steady", "steady", "steady", "stopped", "edges", "few", "none", "future", "burst"))
    if way in ("steady", "stopped"):
        step = dice.choice((7, 14, 30, 45, 90, 180))
        last = make.as_of + timedelta(days=40) if way == "steady" else make.day(start, make.as_of)
        days: list[date] = []
        day = make.day(start, start + timedelta(days=120))
        while day <= last and len(days) < 60:
            days.append(day)
            day += timedelta(days=max(1, step + dice.randint(-step // 3, step // 3)))
        return days
    if way == "edges":
        return [day for day in dice.sample(make.edges, dice.randint(1, 6)) if day >= start - timedelta(days=5)]
    if way == "few":
        return [make.day(start, make.as_of) for _ in range(dice.randint(1, 4))]
    if way == "future":
        return [make.as_of + timedelta(days=dice.randint(1, 40))]
    if way == "burst":
        first = make.day(start, make.as_of)
        return [first + timedelta(days=dice.choice((0, 0, 1, 2))) for _ in range(dice.randint(2, 8))]
    return []


def _unit_cost(make: Maker, price: Decimal, way: str) -> Decimal | None:
    if make.shape.costs == "none" or way == "unknown":
        return None
    if make.shape.costs == "losses":
        return price + make.money(0, 5) if make.chance(0.9) else None
    if way == "half" and make.chance(0.5):
        return None
    return (price * Decimal(make.dice.choice((40, 70, 90, 100, 110))) / 100).quantize(Decimal("0.01"))


def _add_order(make: Maker, customer: str, day: date, way: str) -> None:
    dice = make.dice
    order = make.next_id("sales_order", "O")
    make.rows["sales_order"].append(
        {
            "order_id": order,
            "customer_id": customer,
            "ordered_on": day,
            "salesperson_id": dice.choice(("S1", "s1", "S2", None)),
            "currency": dice.choice(make.shape.currencies),
            "is_cancelled": dice.choice((None, False, False, False, False, False, True)),
        }
    )
    # "half": equal revenue on both lines, so that one missing cost makes a costed share of exactly one half
    for number in range(1, 3 if way == "half" else dice.randint(2, 4)):
        price = Decimal(0) if way == "free" or make.chance(0.03) else make.money(1, 60)
        quantity = Decimal(dice.randint(1, 4000)) / dice.choice((1, 8, 1000))
        if way == "half":
            price, quantity = Decimal(10), Decimal(5)
        if way == "precious":
            price, quantity = price * 400, quantity / 20
        make.rows["sales_order_line"].append(
            {
                "order_id": order,
                "line_number": number,
                "product_id": dice.choice(list(make.families)),
                "quantity": quantity,
                "unit_price": price,
                "unit_cost": _unit_cost(make, price, way),
                "promised_on": day + timedelta(days=dice.randint(5, 40)) if make.chance(0.7) else None,
                "is_cancelled": dice.choice((None, False, False, False, False, False, False, True)),
            }
        )
        if make.chance(0.4):
            make.rows["delivery"].append(
                {
                    "delivery_id": make.next_id("delivery", "L"),
                    "order_id": order,
                    "line_number": number,
                    "delivered_on": day + timedelta(days=dice.randint(1, 60)),
                    "quantity": quantity,
                }
            )


def _add_orders(make: Maker) -> None:
    for customer in [*make.customer_ids, "unknown"]:
        way = make.dice.choice(
            ("known", "known", "precious", "half", "unknown", "free" if make.chance(0.4) else "known")
        )
        for day in _order_days(make):
            _add_order(make, customer, day, way)


def _due_days(make: Maker) -> date:
    """Due dates on the edges of 'due in 12m' and of the three days' grace, or anywhere."""
    start = months_before(make.as_of, 12)
    near = [make.as_of - timedelta(days=days) for days in (-1, 0, 1, 2, 3, 4)]
    near += [start + timedelta(days=days) for days in (-40, -1, 0, 1)]
    return make.dice.choice(near) if make.chance(0.5) else make.any_day()


def _add_invoice(make: Maker, customer: str) -> None:
    dice = make.dice
    invoice, due = make.next_id("invoice", "I"), _due_days(make)
    issued = due - timedelta(days=dice.choice((0, 30, 60)))
    amount = Decimal(0) if make.chance(0.05) else make.money(1, 3000)
    make.rows["invoice"].append(
        {
            "invoice_id": invoice,
            "customer_id": customer,
            "order_id": dice.choice(("O1", "O2", "nowhere", None)),
            "issued_on": issued,
            "due_on": due,
            "amount": amount,
            "currency": dice.choice(make.shape.currencies),
        }
    )
    parts = dice.choice(([], [1], [1], [1], ["0.5", "0.5"], ["0.5"], ["0.7", "0.7"], ["0.25", "0.25", "0.5"], ["1.2"]))
    start = months_before(make.as_of, 12)
    for part in parts:
        paid = amount * Decimal(part)
        after_due = [due + timedelta(days=days) for days in (-10, 0, 1, 3, 4, 30, 200)]
        if paid > 0:
            make.rows["payment"].append(
                {
                    "payment_id": make.next_id("payment", "Y"),
                    "invoice_id": invoice,
                    "paid_on": dice.choice([*after_due, start, start + timedelta(days=1), make.as_of]),
                    "amount": paid,
                    "currency": None if make.chance(0.7) else dice.choice(make.shape.currencies),
                }
            )


def _add_service(make: Maker, customer: str) -> None:
    dice, opened = make.dice, make.any_day()
    make.rows["service_record"].append(
        {
            "service_id": make.next_id("service_record", "V"),
            "customer_id": customer,
            "order_id": None,
            "kind": dice.choice(("complaint", "return", "technical_support", "inquiry")),
            "severity": dice.choice((None, 1, 2, 3, 4)),
            "opened_on": opened,
            "closed_on": opened + timedelta(days=dice.randint(0, 90)) if make.chance(0.6) else None,
            "cost": make.money(0, 40) if make.chance(0.7) else None,
        }
    )


def _needed_rates(rows: Company) -> set[tuple[str, date]]:
    """Currency and day of every conversion, whenever it is."""
    needed = {(row["currency"], row["ordered_on"]) for row in rows["sales_order"]}
    invoices = {row["invoice_id"]: row for row in rows["invoice"]}
    needed |= {(row["currency"], row["issued_on"]) for row in rows["invoice"]}
    needed |= {
        (row["currency"], invoices[row["invoice_id"]]["issued_on"])
        for row in rows["payment"]
        if row["invoice_id"] in invoices
    }
    return {(currency, day) for currency, day in needed if currency in FOREIGN}


def _add_rates(make: Maker) -> None:
    """As few as will do, mostly just as old as is allowed, and decoys that are too young."""
    held: dict[tuple[str, date], Decimal] = {}
    for currency, day in sorted(_needed_rates(make.rows)):
        ages = range(RATE_MAX_AGE_DAYS + 1)
        if not any((currency, day - timedelta(days=age)) in held for age in ages):
            age = make.dice.choice((RATE_MAX_AGE_DAYS, RATE_MAX_AGE_DAYS, 0, 3))
            held[currency, day - timedelta(days=age)] = Decimal(make.dice.randint(5_000_000, 9_000_000)) / 1_000_000
        if make.chance(0.2):
            held[currency, day + timedelta(days=1)] = Decimal(make.dice.randint(1, 20))
    make.rows["exchange_rate"] = [
        {"currency": currency, "rate_on": day, "rate": rate} for (currency, day), rate in held.items()
    ]


def make_company(seed: int, as_of: date) -> Company:
    """The company of a seed around a date; entities that it does not have are missing."""
    make = Maker(seed, as_of)
    _add_masters(make)
    _add_orders(make)
    for customer in make.customer_ids:
        for _ in range(make.dice.choice((0, 1, 2, 5))):
            _add_invoice(make, make.customer() if make.chance(0.05) else customer)
        for _ in range(make.dice.choice((0, 0, 1, 3))):
            _add_service(make, customer)
    add_relations(make)
    _add_rates(make)
    add_newcomers(make.rows, as_of)
    add_strays(make.rows, as_of)
    return {entity: rows for entity, rows in make.rows.items() if rows}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def write_folder(company: Company, folder: Path) -> Path:
    """The company as a folder of CSV files for the `canonical` mapping; absent entities have no file."""
    folder.mkdir(parents=True, exist_ok=True)
    for entity, rows in company.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{entity}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([_cell(row.get(column)) for column in columns] for row in _shuffled(rows))
    return folder


def _shuffled(rows: list[Row]) -> list[Row]:
    """Another order than that of the ids, the same every time."""
    return Random(len(rows)).sample(rows, len(rows))
