"""The terms of the method: lines, margins of a window, invoices as they stand, estimates, what is supplied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.reference.parameters import Parameters, Row, Window, window
from tests.reference.staging import Staged

ZERO = Fraction(0)


@dataclass(frozen=True)
class Line:
    """An order line; `is_cancelled` by itself or by its order. `cost` and `revenue` in reporting currency.

    `delivered`: day and quantity of its deliveries up to D.
    """

    customer_id: str
    ordered_on: date
    salesperson_id: str | None
    product: Row
    quantity: Fraction
    revenue: Fraction
    cost: Fraction | None
    is_cancelled: bool
    promised_on: date | None
    delivered: list[tuple[date, Fraction]]


@dataclass(frozen=True)
class Invoice:
    """An invoice as it stands at D. `settled_on`: None while its payments have not reached its amount."""

    issued_on: date
    due_on: date
    amount: Fraction
    settled_on: date | None
    outstanding: Fraction


def revenue(lines: Iterable[Line]) -> Fraction:
    return sum((line.revenue for line in lines), ZERO)


def volume(lines: Iterable[Line]) -> Fraction:
    return sum((line.quantity for line in lines), ZERO)


def cost_coverage(lines: list[Line]) -> Fraction | None:
    """Revenue of the lines with a known cost / revenue of all; None without revenue."""
    total = revenue(lines)
    return revenue(line for line in lines if line.cost is not None) / total if total else None


def margin(lines: list[Line]) -> Fraction | None:
    """Margin of a window's lines; None where it is not known well enough."""
    costed = [line for line in lines if line.cost is not None]
    known = sum((line.revenue - line.cost for line in costed if line.cost is not None), ZERO)
    share = cost_coverage(lines)
    if share is None:
        return known if len(costed) == len(lines) else None
    return None if share < Fraction(1, 2) else known / share


def _settled_on(amount: Fraction, issued_on: date, payments: list[tuple[date, Fraction]]) -> date | None:
    """The day on which the payments first reached the amount; nothing to pay is settled when it is issued."""
    if amount <= 0:
        return issued_on
    paid = ZERO
    for paid_on, part in sorted(payments):
        paid += part
        if paid >= amount:
            return paid_on
    return None


class Facts:
    """One company at D, by customer."""

    def __init__(self, staged: Staged, parameters: Parameters) -> None:
        self.parameters = parameters
        self.as_of = parameters.as_of
        self.rows = staged.rows
        self.customers = {row["customer_id"]: row for row in staged.rows["customer"]}
        self.in_12m = window(self.as_of, 12)
        self.in_prior_12m = window(self.as_of, 12, before=12)
        self.in_24m = window(self.as_of, 24)
        self.in_36m = window(self.as_of, 36)
        self.in_48m = window(self.as_of, 48)
        self.all_lines: dict[str, list[Line]] = defaultdict(list)
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.invoices: dict[str, list[Invoice]] = defaultdict(list)
        self.demand = {
            (row["customer_id"], row["demand_year"]): Fraction(row["total_demand_quantity"])
            for row in staged.rows["demand_estimate"]
        }
        self._by_customer: dict[str, dict[str, list[Row]]] = {}
        self._read_lines()
        self._read_invoices()

    def _read_lines(self) -> None:
        orders = {row["order_id"]: row for row in self.rows["sales_order"]}
        products = {row["product_id"]: row for row in self.rows["product"]}
        delivered: dict[tuple[str, int], list[tuple[date, Fraction]]] = defaultdict(list)
        for row in self.rows["delivery"]:
            delivered[row["order_id"], row["line_number"]].append((row["delivered_on"], Fraction(row["quantity"])))
        for row in self.rows["sales_order_line"]:
            order = orders[row["order_id"]]
            cost = row["unit_cost"]
            line = Line(
                customer_id=order["customer_id"],
                ordered_on=order["ordered_on"],
                salesperson_id=order.get("salesperson_id"),
                product=products[row["product_id"]],
                quantity=row["quantity"],
                revenue=row["quantity"] * row["unit_price"],
                cost=None if cost is None else row["quantity"] * cost,
                is_cancelled=row["is_cancelled"] or order["is_cancelled"],
                promised_on=row.get("promised_on"),
                delivered=delivered.get((row["order_id"], row["line_number"]), []),
            )
            self.all_lines[line.customer_id].append(line)
            if not line.is_cancelled:
                self.lines[line.customer_id].append(line)

    def _read_invoices(self) -> None:
        payments: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
        for row in self.rows["payment"]:
            payments[row["invoice_id"]].append((row["paid_on"], row["amount"]))
        for row in self.rows["invoice"]:
            paid = payments[row["invoice_id"]]
            self.invoices[row["customer_id"]].append(
                Invoice(
                    issued_on=row["issued_on"],
                    due_on=row["due_on"],
                    amount=row["amount"],
                    settled_on=_settled_on(row["amount"], row["issued_on"], paid),
                    outstanding=max(ZERO, row["amount"] - sum((part for _, part in paid), ZERO)),
                )
            )

    def of(self, entity: str, customer_id: str) -> list[Row]:
        """The customer's rows of an entity."""
        if entity not in self._by_customer:
            grouped: dict[str, list[Row]] = defaultdict(list)
            for row in self.rows[entity]:
                grouped[row["customer_id"]].append(row)
            self._by_customer[entity] = grouped
        return self._by_customer[entity].get(customer_id, [])

    def lines_in(self, customer_id: str, within: Window) -> list[Line]:
        return [line for line in self.lines.get(customer_id, []) if line.ordered_on in within]

    def line_dates(self, customer_id: str) -> list[date]:
        """Distinct dates with a line, ascending."""
        return sorted({line.ordered_on for line in self.lines.get(customer_id, [])})

    def first_line_on(self, customer_id: str) -> date | None:
        return min(self.line_dates(customer_id), default=None)

    def is_active(self, customer_id: str) -> bool:
        return bool(self.lines_in(customer_id, window(self.as_of, self.parameters.active_window_months)))

    def is_supplied(self, entity: str) -> bool:
        return bool(self.rows[entity])

    def due_invoices(self, customer_id: str) -> list[Invoice]:
        """Due in 12m, or due before and not settled by D - 12 months."""
        start = self.in_12m.after
        return [
            invoice
            for invoice in self.invoices.get(customer_id, [])
            if invoice.due_on in self.in_12m
            or (invoice.due_on <= start and (invoice.settled_on is None or invoice.settled_on > start))
        ]

    def demand_year(self, customer_id: str) -> int | None:
        """y of TD(y): the latest year with an estimate among D's and the one before."""
        for year in (self.as_of.year, self.as_of.year - 1):
            if (customer_id, year) in self.demand:
                return year
        return None

    def valid_contracts(self, customer_id: str) -> list[Row]:
        return [row for row in self.of("contract", customer_id) if row["starts_on"] <= self.as_of <= row["ends_on"]]

    def account_manager_id(self, customer_id: str) -> str | None:
        """Of the assignments valid at D the one begun last."""
        valid = [
            (row["valid_from_on"], row["account_manager_id"])
            for row in self.of("account_assignment", customer_id)
            if row.get("valid_to_on") is None or row["valid_to_on"] >= self.as_of
        ]
        return max(valid)[1] if valid else None

    def salesperson_id(self, customer_id: str) -> str | None:
        """Who took most of the 12m revenue; on a tie the lowest id; orders without one ignored."""
        taken: dict[str, Fraction] = defaultdict(Fraction)
        for line in self.lines_in(customer_id, self.in_12m):
            if line.salesperson_id is not None:
                taken[line.salesperson_id] += line.revenue
        return min(taken, key=lambda person: (-taken[person], person.encode()), default=None)
