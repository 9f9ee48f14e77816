"""Rows that wait and rows that break the contract, one way each; of optional entities also where none is delivered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.reference.parameters import Company, Row


def _rows(entity_row: Row, **broken: object) -> list[Row]:
    """The row once for every broken column; its key names the column, so that no two rows share one."""
    key = next(iter(entity_row))
    return [entity_row | {key: f"broken {column}", column: value} for column, value in broken.items()]


def _sales_strays(day: date) -> Company:
    line = {"order_id": "O1", "product_id": "P0", "quantity": Decimal(3), "unit_price": Decimal(9)}
    invoice = {"invoice_id": "", "customer_id": "B", "issued_on": day, "due_on": day, "amount": Decimal(77)}
    payment = {"payment_id": "", "invoice_id": "I2", "paid_on": day, "amount": Decimal(5)}
    delivery = {"delivery_id": "", "order_id": "O1", "line_number": 1, "delivered_on": day, "quantity": Decimal(1)}
    return {
        "sales_order": _rows(
            {"order_id": "", "customer_id": "B", "ordered_on": day}, customer_id=None, ordered_on=None
        ),
        "sales_order_line": [
            line | {"order_id": "later", "line_number": 1},
            line | {"line_number": 90, "quantity": Decimal(0)},
            line | {"line_number": 91, "product_id": None},
            line | {"line_number": 92, "unit_price": Decimal("-0.01")},
            line | {"line_number": 93, "unit_cost": Decimal(-1)},
            line | {"line_number": 94},
            line | {"line_number": 94, "quantity": Decimal(4)},
            line | {"line_number": None},
        ],
        "delivery": [*_rows(delivery, quantity=Decimal(0)), delivery | {"delivery_id": "waits", "order_id": "later"}],
        "invoice": [*_rows(invoice, amount=Decimal(-1), due_on=None), invoice | {"invoice_id": "I1"}],
        "payment": [
            *_rows(payment, amount=Decimal(0), paid_on=None),
            payment | {"payment_id": "waits", "invoice_id": "later"},
            payment | {"payment_id": "waits for a refused one", "invoice_id": "I1"},
        ],
    }


def _service_strays(day: date) -> Company:
    before = day - timedelta(days=1)
    record = {"service_id": "", "customer_id": "B", "kind": "return", "opened_on": day, "cost": Decimal(9)}
    answer = {"survey_id": "", "attribute": "price", "customer_id": "B", "surveyed_on": day}
    contract = {"contract_id": "", "customer_id": "B", "relationship_level": "spot", "starts_on": day, "ends_on": day}
    joint = {"collaboration_id": "", "customer_id": "B", "kind": "reference", "started_on": day}
    assignment = {"customer_id": "B", "valid_from_on": day, "account_manager_id": "M9", "valid_to_on": before}
    return {
        "service_record": _rows(record, kind="praise", severity=5, cost=Decimal(-1), closed_on=before),
        "survey_response": _rows(
            answer | {"expected": Decimal(5), "perceived": Decimal(5)},
            attribute="speed",
            expected=Decimal(11),
            perceived=Decimal("0.9"),
        ),
        "interaction": _rows({"interaction_id": "", "customer_id": "B", "occurred_on": day}, channel="fax"),
        "account_assignment": [assignment],
        "demand_estimate": [{"customer_id": "B", "demand_year": 1999, "total_demand_quantity": Decimal(0)}],
        "contract": _rows(contract, relationship_level="friend", ends_on=before),
        "collaboration": _rows(joint, kind="gossip", ended_on=before),
        "exchange_rate": [{"currency": "XXX", "rate_on": day, "rate": Decimal(0)}],
    }


def _newcomers(day: date, when: str, delivered: Company) -> Company:
    """One row of every delivered entity that names a customer whom nothing else names; the order sells a new good."""
    rows: dict[str, Row] = {
        "sales_order": {"order_id": "", "ordered_on": day},
        "invoice": {"invoice_id": "", "issued_on": day, "due_on": day, "amount": Decimal(50)},
        "service_record": {"service_id": "", "kind": "inquiry", "opened_on": day},
        "survey_response": {
            "survey_id": "", "attribute": "price", "surveyed_on": day, "expected": Decimal(5), "perceived": Decimal(5),
        },
        "interaction": {"interaction_id": "", "occurred_on": day},
        "account_assignment": {"valid_from_on": day, "account_manager_id": "M9"},
        "contract": {"contract_id": "", "relationship_level": "spot", "starts_on": day, "ends_on": day},
        "collaboration": {"collaboration_id": "", "kind": "referral", "started_on": day},
    }  # fmt: skip
    found: Company = {}
    for entity, row in rows.items():
        if delivered.get(entity):
            key = {name: f"{entity} {when}" for name, value in row.items() if value == ""}
            found[entity] = [row | key | {"customer_id": f"by {entity} {when}"}]
    for row in found.get("collaboration", []):
        row["referred_customer_id"] = f"referred {when}"
    sold = {"order_id": f"sales_order {when}", "line_number": 1, "product_id": f"product {when}"}
    found["sales_order_line"] = [sold | {"quantity": Decimal(1), "unit_price": Decimal(0)}]
    return found


def add_newcomers(rows: Company, as_of: date) -> None:
    """Customers and a product whom one row alone names, on D and on the day after."""
    days = {"today": as_of, "tomorrow": as_of + timedelta(days=1)}
    found = [_newcomers(day, when, rows) for when, day in days.items()]
    for newcomers in found:
        for entity, added in newcomers.items():
            rows[entity].extend(added)


def add_strays(rows: Company, as_of: date) -> None:
    """The strays, added to a company's rows."""
    day = as_of - timedelta(days=20)
    for entity, strays in (_sales_strays(day) | _service_strays(day)).items():
        rows.setdefault(entity, []).extend(strays)
