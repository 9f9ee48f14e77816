"""Contract, currency, waiting rows, inferred masters."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.reference.parameters import Company, Parameters, Row
from tests.reference.staging import Rates, fault_of, split_by_contract, stage

D = date(2025, 6, 30)
ORDER = {"order_id": "O", "customer_id": "A", "ordered_on": D, "currency": "USD"}
LINE = {"order_id": "O", "line_number": 1, "product_id": "P", "quantity": Decimal(2), "unit_price": Decimal("1.10")}
INVOICE = {"invoice_id": "I", "customer_id": "A", "issued_on": D, "due_on": D, "amount": Decimal(100)}
PAYMENT = {"payment_id": "Y", "invoice_id": "I", "paid_on": D, "amount": Decimal(50)}


@pytest.mark.parametrize(
    ("entity", "change", "refused"),
    [
        ("sales_order_line", {}, False),
        ("sales_order_line", {"quantity": Decimal(0)}, True),
        ("sales_order_line", {"unit_price": Decimal(0)}, False),
        ("sales_order_line", {"unit_cost": Decimal("-0.01")}, True),
        ("sales_order_line", {"product_id": None}, True),
        ("invoice", {"amount": Decimal(0)}, False),
        ("payment", {"amount": Decimal(0)}, True),
    ],
)
def test_values_outside_their_range_are_refused(entity: str, change: Row, refused: bool) -> None:
    row = {"sales_order_line": LINE, "invoice": INVOICE, "payment": PAYMENT}[entity] | change
    assert (fault_of(entity, row) is not None) == refused


def test_a_row_may_end_on_the_day_it_starts_but_not_before() -> None:
    contract = {"contract_id": "K", "customer_id": "A", "relationship_level": "spot", "starts_on": D}
    assert fault_of("contract", contract | {"ends_on": D}) is None
    assert fault_of("contract", contract | {"ends_on": D - timedelta(days=1)}) == "ends before it starts"


def test_a_doubled_key_is_set_aside_with_all_its_rows() -> None:
    admitted, refused = split_by_contract("invoice", [INVOICE, INVOICE | {"amount": Decimal(7)}])
    assert (admitted, len(refused)) == ([], 2)


@pytest.mark.parametrize(("age", "expected"), [(0, 7), (7, 7), (8, None), (-1, None)])
def test_a_rate_is_at_most_seven_days_old_and_never_of_tomorrow(age: int, expected: int | None) -> None:
    rates = Rates([{"currency": "USD", "rate_on": D - timedelta(days=age), "rate": Decimal(7)}], "CNY")
    assert rates.on("USD", D) == expected
    assert rates.missing == (set() if expected else {("USD", D)})


def test_the_latest_rate_holds_and_null_is_the_reporting_currency() -> None:
    rows = [{"currency": "USD", "rate_on": D - timedelta(days=age), "rate": Decimal(age)} for age in (1, 2, 3)]
    rates = Rates(rows, "CNY")
    assert (rates.on("USD", D), rates.on(None, D), rates.on("CNY", D)) == (1, 1, 1)
    assert rates.on("USD", D - timedelta(days=2)) == 2


def test_a_payment_is_converted_in_its_own_currency_at_the_rate_of_its_invoice_date() -> None:
    early = D - timedelta(days=30)
    company: Company = {
        "invoice": [INVOICE | {"issued_on": early, "currency": "USD"}],
        "payment": [PAYMENT, PAYMENT | {"payment_id": "Z", "currency": "CNY"}],
        "exchange_rate": [
            {"currency": "USD", "rate_on": early, "rate": Decimal(7)},
            {"currency": "USD", "rate_on": D, "rate": Decimal(8)},
        ],
    }
    staged = stage(company, Parameters(D))
    assert [row["amount"] for row in staged.rows["payment"]] == [350, 50]
    assert staged.rows["invoice"][0]["amount"] == 700


def test_converted_prices_are_not_rounded() -> None:
    rate = {"currency": "USD", "rate_on": D, "rate": Decimal("7.123457")}
    staged = stage({"sales_order": [ORDER], "sales_order_line": [LINE], "exchange_rate": [rate]}, Parameters(D))
    assert staged.rows["sales_order_line"][0]["unit_price"] == Fraction("7.8358027")
    assert staged.rows["sales_order_line"][0]["unit_cost"] is None


def test_what_misses_its_order_or_invoice_waits() -> None:
    staged = stage({"sales_order_line": [LINE], "payment": [PAYMENT]}, Parameters(D))
    assert (staged.waiting["sales_order_line"], staged.waiting["payment"]) == (1, 1)
    assert staged.rows["sales_order_line"] == staged.rows["payment"] == []


def test_masters_are_inferred_from_every_entity_that_names_one_once_the_row_exists() -> None:
    referral = {"collaboration_id": "J", "customer_id": "B", "kind": "referral", "referred_customer_id": "C"}
    order = ORDER | {"currency": None}
    company: Company = {
        "customer": [{"customer_id": "B", "customer_name": "B"}],
        "sales_order": [order, order | {"order_id": "F", "customer_id": "F", "ordered_on": D + timedelta(days=1)}],
        "sales_order_line": [LINE],
        "collaboration": [referral | {"started_on": D}],
    }
    staged = stage(company, Parameters(D))
    assert {row["customer_id"]: row["is_inferred"] for row in staged.rows["customer"]} == {
        "A": True,
        "B": False,
        "C": True,
    }
    assert staged.rows["product"] == [{"product_id": "P", "is_inferred": True}]
