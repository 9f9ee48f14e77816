"""From delivered rows to the rows that exist for a night: contract, dates, waiting rows, inferred masters, currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.parameters import Company, Parameters, Row

RATE_MAX_AGE_DAYS = 7
ORDER_ENTITIES = ("sales_order", "sales_order_line", "delivery")

KEYS = {
    "customer": ("customer_id",),
    "product": ("product_id",),
    "sales_order": ("order_id",),
    "sales_order_line": ("order_id", "line_number"),
    "delivery": ("delivery_id",),
    "invoice": ("invoice_id",),
    "payment": ("payment_id",),
    "service_record": ("service_id",),
    "survey_response": ("survey_id", "attribute"),
    "interaction": ("interaction_id",),
    "account_assignment": ("customer_id", "valid_from_on"),
    "demand_estimate": ("customer_id", "demand_year"),
    "contract": ("contract_id",),
    "exchange_rate": ("currency", "rate_on"),
    "collaboration": ("collaboration_id",),
}
REQUIRED = {
    "customer": ("customer_name",),
    "product": ("product_family",),
    "sales_order": ("customer_id", "ordered_on"),
    "sales_order_line": ("product_id", "quantity", "unit_price"),
    "delivery": ("order_id", "line_number", "delivered_on", "quantity"),
    "invoice": ("customer_id", "issued_on", "due_on", "amount"),
    "payment": ("invoice_id", "paid_on", "amount"),
    "service_record": ("customer_id", "kind", "opened_on"),
    "survey_response": ("customer_id", "surveyed_on", "expected", "perceived"),
    "interaction": ("customer_id", "occurred_on"),
    "account_assignment": ("account_manager_id",),
    "demand_estimate": ("total_demand_quantity",),
    "contract": ("customer_id", "relationship_level", "starts_on", "ends_on"),
    "exchange_rate": ("rate",),
    "collaboration": ("customer_id", "kind", "started_on"),
}
ATTRIBUTES = ("quality", "price", "delivery", "service", "technology")
SERVICE_KINDS = ("complaint", "return", "technical_support", "inquiry")
RELATIONSHIP_LEVELS = ("spot", "preferred", "partner", "strategic_alliance")
COLLABORATION_KINDS = ("joint_development", "process_improvement", "reference", "referral")


def _above_zero(value: Any) -> bool:
    return bool(value > 0)


def _not_negative(value: Any) -> bool:
    return bool(value >= 0)


def _one_of(*codes: str) -> Callable[[Any], bool]:
    return lambda value: value in codes


def _between(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: low <= value <= high


ALLOWED: dict[tuple[str, str], Callable[[Any], bool]] = {
    ("sales_order_line", "quantity"): _above_zero,
    ("sales_order_line", "unit_price"): _not_negative,
    ("sales_order_line", "unit_cost"): _not_negative,
    ("delivery", "quantity"): _above_zero,
    ("invoice", "amount"): _not_negative,
    ("payment", "amount"): _above_zero,
    ("service_record", "kind"): _one_of(*SERVICE_KINDS),
    ("service_record", "severity"): _between(1, 4),
    ("service_record", "cost"): _not_negative,
    ("survey_response", "attribute"): _one_of(*ATTRIBUTES),
    ("survey_response", "expected"): _between(1, 10),
    ("survey_response", "perceived"): _between(1, 10),
    ("interaction", "channel"): _one_of("visit", "call", "meeting", "email"),
    ("demand_estimate", "total_demand_quantity"): _above_zero,
    ("contract", "relationship_level"): _one_of(*RELATIONSHIP_LEVELS),
    ("exchange_rate", "rate"): _above_zero,
    ("collaboration", "kind"): _one_of(*COLLABORATION_KINDS),
}
PERIODS = {
    "service_record": ("opened_on", "closed_on"),
    "account_assignment": ("valid_from_on", "valid_to_on"),
    "contract": ("starts_on", "ends_on"),
    "collaboration": ("started_on", "ended_on"),
}
DATED_BY = {
    "sales_order": "ordered_on",
    "delivery": "delivered_on",
    "invoice": "issued_on",
    "payment": "paid_on",
    "service_record": "opened_on",
    "survey_response": "surveyed_on",
    "interaction": "occurred_on",
    "account_assignment": "valid_from_on",
    "contract": "starts_on",
    "exchange_rate": "rate_on",
    "collaboration": "started_on",
}
NAMES_A_CUSTOMER = (
    "sales_order", "invoice", "service_record", "survey_response", "interaction", "account_assignment",
    "demand_estimate", "contract", "collaboration",
)  # fmt: skip


@dataclass
class Staged:
    """The rows that exist for the night, money exact and in reporting currency, and what was left out."""

    rows: dict[str, list[Row]]
    rejected: dict[str, list[Row]] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    missing_rates: set[tuple[str, date]] = field(default_factory=set)


def fault_of(entity: str, row: Row) -> str | None:
    """Why the contract refuses a row; None where it admits it. `row` holds typed values, None for null."""
    for column in KEYS[entity] + REQUIRED[entity]:
        if row.get(column) is None:
            return f"{column} is required"
    for column, value in row.items():
        allowed = ALLOWED.get((entity, column))
        if value is not None and allowed is not None and not allowed(value):
            return f"{column} is out of range"
    if entity in PERIODS:
        first, last = (row.get(column) for column in PERIODS[entity])
        if last is not None and last < first:
            return "ends before it starts"
    return None


def split_by_contract(entity: str, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """(admitted, set aside). Of a key that is delivered more than once no row can be told to be the right one."""
    delivered = Counter(tuple(row.get(column) for column in KEYS[entity]) for row in rows)
    admitted: list[Row] = []
    refused: list[Row] = []
    for row in rows:
        doubled = delivered[tuple(row.get(column) for column in KEYS[entity])] > 1
        (refused if doubled or fault_of(entity, row) else admitted).append(row)
    return admitted, refused


class Rates:
    """The reporting currency's price of a unit of a currency on a day."""

    def __init__(self, rows: list[Row], reporting_currency: str) -> None:
        self._reporting = reporting_currency
        self._rate = {(row["currency"], row["rate_on"]): Fraction(row["rate"]) for row in rows}
        self.missing: set[tuple[str, date]] = set()

    def on(self, currency: str | None, day: date) -> Fraction | None:
        """The latest rate on or before the day, at most seven days old; None, and noted, where there is none."""
        if currency is None or currency == self._reporting:
            return Fraction(1)
        for age in range(RATE_MAX_AGE_DAYS + 1):
            rate = self._rate.get((currency, day - timedelta(days=age)))
            if rate is not None:
                return rate
        self.missing.add((currency, day))
        return None


def _times(value: Decimal | None, rate: Fraction | None) -> Fraction | None:
    return None if value is None or rate is None else Fraction(value) * rate


def _place_orders(rows: dict[str, list[Row]], rates: Rates, waiting: Counter[str], as_of: date) -> None:
    orders = {row["order_id"]: row for row in rows["sales_order"]}
    for entity in ("sales_order_line", "delivery"):
        waiting[entity] = sum(row["order_id"] not in orders for row in rows[entity])
        rows[entity] = [row for row in rows[entity] if row["order_id"] in orders]
    lines = []
    for row in rows["sales_order_line"]:
        order = orders[row["order_id"]]
        if order["ordered_on"] > as_of:
            continue
        rate = rates.on(order.get("currency"), order["ordered_on"])
        money = {column: _times(row.get(column), rate) for column in ("unit_price", "unit_cost")}
        lines.append(
            {**row, **money, "quantity": Fraction(row["quantity"]), "is_cancelled": bool(row.get("is_cancelled"))}
        )
    rows["sales_order_line"] = lines
    rows["sales_order"] = [{**row, "is_cancelled": bool(row.get("is_cancelled"))} for row in rows["sales_order"]]


def _place_invoices(rows: dict[str, list[Row]], rates: Rates, waiting: Counter[str], as_of: date) -> None:
    source = {row["invoice_id"]: row for row in rows["invoice"]}
    waiting["payment"] = sum(row["invoice_id"] not in source for row in rows["payment"])
    payments = []
    for row in rows["payment"]:
        invoice = source.get(row["invoice_id"])
        if invoice is None or row["paid_on"] > as_of or invoice["issued_on"] > as_of:
            continue
        rate = rates.on(row.get("currency") or invoice.get("currency"), invoice["issued_on"])
        payments.append({**row, "amount": _times(row["amount"], rate)})
    rows["payment"] = payments
    existing = [row for row in rows["invoice"] if row["issued_on"] <= as_of]
    rows["invoice"] = [
        {**row, "amount": _times(row["amount"], rates.on(row.get("currency"), row["issued_on"]))} for row in existing
    ]


def _infer_masters(rows: dict[str, list[Row]]) -> None:
    """A master row for every customer and product that an existing fact names and the master data does not hold."""
    named = {row["customer_id"] for entity in NAMES_A_CUSTOMER for row in rows[entity]}
    named |= {row.get("referred_customer_id") for row in rows["collaboration"]} - {None}
    known = {row["customer_id"] for row in rows["customer"]}
    rows["customer"] = [{**row, "is_inferred": False} for row in rows["customer"]]
    rows["customer"] += [{"customer_id": name, "is_inferred": True} for name in sorted(named - known)]
    sold = {row["product_id"] for row in rows["sales_order_line"]}
    stocked = {row["product_id"] for row in rows["product"]}
    rows["product"] = [{**row, "is_inferred": False} for row in rows["product"]]
    rows["product"] += [{"product_id": name, "is_inferred": True} for name in sorted(sold - stocked)]


def stage(company: Company, parameters: Parameters) -> Staged:
    """The rows of a company that exist for the night: admitted by the contract, dated up to D, converted."""
    as_of = parameters.as_of
    rows: dict[str, list[Row]] = {}
    staged = Staged(rows)
    for entity in KEYS:
        rows[entity], staged.rejected[entity] = split_by_contract(entity, company.get(entity, []))
    rates = Rates(rows["exchange_rate"], parameters.reporting_currency)
    _place_orders(rows, rates, staged.waiting, as_of)
    _place_invoices(rows, rates, staged.waiting, as_of)
    for entity, dated_by in DATED_BY.items():
        rows[entity] = [row for row in rows[entity] if row[dated_by] <= as_of]
    rows["service_record"] = [{**row, "cost": Fraction(row.get("cost") or 0)} for row in rows["service_record"]]
    _infer_masters(rows)
    staged.missing_rates = rates.missing
    return staged
