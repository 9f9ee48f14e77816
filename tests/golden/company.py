"""The golden customers as a company's rows, and what is expected of them."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("customers.yml")
NOT_ACTIVE = "not active"
NOT_IN_MASTER_DATA = "not in the master data"

_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def arithmetic(written: str | int | float | None) -> float | None:
    """The value of an expectation: a number, or + - * / and sqrt over numbers; None stays None."""
    if written is None or not isinstance(written, str):
        return written

    def value(node: ast.AST) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op=op, operand=operand):
                return _OPERATORS[type(op)](value(operand))
            case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
                return math.sqrt(value(inner))
        raise ValueError(f"{written!r} is more than arithmetic")

    return value(ast.parse(written, mode="eval").body)


@dataclass(frozen=True)
class Golden:
    """One golden customer. `indicators` by id, thirty of them, None where null; empty where it is not active."""

    customer_id: str
    story: str
    indicators: dict[str, float | None]
    lifecycle_stage: str
    tier: str


@dataclass(frozen=True)
class GoldenCompany:
    """`rows`: entity -> canonical rows; the shares that core holds; the other readings' customers."""

    as_of: date
    rows: dict[str, list[dict[str, Any]]]
    customers: list[Golden]
    core_shares: tuple[float, float]
    core_by_intersection: set[str]
    core_by_top_20: set[str]


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


class _Rows:
    """Canonical rows in the making."""

    def __init__(self) -> None:
        self.of: dict[str, list[dict[str, Any]]] = {}

    def add(self, entity: str, **row: Any) -> int:
        """Adds a row; its number among its entity's."""
        self.of.setdefault(entity, []).append(row)
        return len(self.of[entity])

    def next_id(self, entity: str) -> str:
        return f"{entity} {len(self.of.get(entity, [])) + 1}"


def _add_order(rows: _Rows, customer: str, day: date, order: dict[str, Any]) -> None:
    order_id = rows.next_id("sales_order")
    cancelled, currency = order.get("cancelled"), order.get("currency")
    rows.add(
        "sales_order",
        order_id=order_id,
        customer_id=customer,
        ordered_on=day,
        salesperson_id="S1",
        currency=currency,
        is_cancelled=cancelled,
    )
    for number, (product, quantity, price, cost, *flags) in enumerate(order["lines"], 1):
        rows.add(
            "sales_order_line",
            order_id=order_id,
            line_number=number,
            product_id=product,
            quantity=_decimal(quantity),
            unit_price=_decimal(price),
            unit_cost=_decimal(cost),
            is_cancelled="cancelled" in flags,
        )


def _add_invoice(rows: _Rows, customer: str, invoice: dict[str, Any]) -> None:
    invoice_id = rows.next_id("invoice")
    rows.add(
        "invoice",
        invoice_id=invoice_id,
        customer_id=customer,
        issued_on=invoice["issued"],
        due_on=invoice["due"],
        amount=_decimal(invoice["amount"]),
        currency=invoice.get("currency"),
    )
    for paid_on, amount, *currency in invoice.get("payments", []):
        rows.add(
            "payment",
            payment_id=rows.next_id("payment"),
            invoice_id=invoice_id,
            paid_on=paid_on,
            amount=_decimal(amount),
            currency=currency[0] if currency else None,
        )


def _add_relations(rows: _Rows, customer: str, facts: dict[str, Any]) -> None:
    for year, quantity in facts.get("demand", {}).items():
        demand = _decimal(quantity)
        rows.add("demand_estimate", customer_id=customer, demand_year=year, total_demand_quantity=demand)
    for contract in facts.get("contracts", []):
        rows.add(
            "contract",
            contract_id=rows.next_id("contract"),
            customer_id=customer,
            relationship_level=contract["level"],
            starts_on=contract["from"],
            ends_on=contract["to"],
            committed_quantity=_decimal(contract.get("committed")),
        )
    for collaboration in facts.get("collaborations", []):
        rows.add(
            "collaboration",
            collaboration_id=rows.next_id("collaboration"),
            customer_id=customer,
            kind=collaboration["kind"],
            started_on=collaboration["from"],
            ended_on=collaboration.get("to"),
            referred_customer_id=collaboration.get("refers"),
        )


def _add_contacts(rows: _Rows, customer: str, facts: dict[str, Any]) -> None:
    for record in facts.get("service", []):
        rows.add(
            "service_record",
            service_id=rows.next_id("service_record"),
            customer_id=customer,
            kind=record["kind"],
            opened_on=record["opened"],
            cost=_decimal(record.get("cost")),
        )
    for survey in facts.get("surveys", []):
        survey_id = rows.next_id("survey_response")
        for attribute in survey.keys() - {"answered"}:
            expected, perceived = survey[attribute]
            rows.add(
                "survey_response",
                survey_id=survey_id,
                attribute=attribute,
                customer_id=customer,
                surveyed_on=survey["answered"],
                expected=_decimal(expected),
                perceived=_decimal(perceived),
            )
    for day in facts.get("interactions", []):
        identity = rows.next_id("interaction")
        rows.add("interaction", interaction_id=identity, customer_id=customer, occurred_on=day, channel="visit")


def _rows(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    rows = _Rows()
    for product, columns in document["products"].items():
        rows.add("product", product_id=product, product_name=product, **columns)
    for rate in document["exchange_rates"]:
        rows.add("exchange_rate", **rate | {"rate": _decimal(rate["rate"])})
    for customer, facts in document["customers"].items():
        master = facts.get("customer", {})
        if master != NOT_IN_MASTER_DATA:
            since = master.get("customer_since_on")
            rows.add("customer", customer_id=customer, customer_name=facts["story"], customer_since_on=since)
        for order in facts.get("orders", []):
            for day in order["dates"]:
                _add_order(rows, customer, day, order)
        for invoice in facts.get("invoices", []):
            _add_invoice(rows, customer, invoice)
        _add_relations(rows, customer, facts)
        _add_contacts(rows, customer, facts)
    return rows.of


def _golden(customer: str, facts: dict[str, Any], unless_said: dict[str, Any]) -> Golden:
    active = facts["expected"] != NOT_ACTIVE
    written = unless_said | facts["expected"] if active else {}
    return Golden(
        customer,
        facts["story"],
        {indicator: arithmetic(value) for indicator, value in written.items()},
        facts["lifecycle_stage"],
        facts["tier"],
    )


def load_golden_company() -> GoldenCompany:
    """What `customers.yml` says."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    shares = (arithmetic(document["core_margin_share"]), arithmetic(document["core_volume_share"]))
    assert shares[0] is not None and shares[1] is not None
    return GoldenCompany(
        as_of=document["as_of"],
        rows=_rows(document),
        customers=[
            _golden(name, facts, document["expected_unless_said"]) for name, facts in document["customers"].items()
        ],
        core_shares=(shares[0], shares[1]),
        core_by_intersection=set(document["core_by_intersection"]),
        core_by_top_20=set(document["core_by_top_20"]),
    )
