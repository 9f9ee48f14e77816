"""C01 to C16: what a customer contributes today. Each function is one row of the method's table; None is null."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

from tests.reference.facts import ZERO, Facts, Invoice, margin, revenue, volume
from tests.reference.parameters import DAYS_A_YEAR

Value = Fraction | float | None

GRACE_DAYS = timedelta(days=3)


def c01(facts: Facts, customer: str) -> Fraction | None:
    return margin(facts.lines_in(customer, facts.in_12m))


def c02(facts: Facts, customer: str) -> Fraction | None:
    gross, sold = c01(facts, customer), revenue(facts.lines_in(customer, facts.in_12m))
    return None if gross is None or not sold else gross / sold


def service_cost(facts: Facts, customer: str) -> Fraction:
    records = facts.of("service_record", customer)
    return sum((record["cost"] for record in records if record["opened_on"] in facts.in_12m), ZERO)


def late_payment_cost(facts: Facts, customer: str) -> Fraction:
    total = ZERO
    for invoice in facts.due_invoices(customer):
        late_from = max(invoice.due_on, facts.in_12m.after)
        late_days = max(0, ((invoice.settled_on or facts.as_of) - late_from).days)
        total += invoice.amount * late_days * facts.parameters.capital_cost_rate / 365
    return total


def c03(facts: Facts, customer: str) -> Fraction | None:
    gross = c01(facts, customer)
    if gross is None:
        return None
    return gross - service_cost(facts, customer) - late_payment_cost(facts, customer)


def years_observed(facts: Facts, customer: str) -> Fraction:
    first = facts.first_line_on(customer)
    return min(Fraction(4), Fraction((facts.as_of - first).days) / DAYS_A_YEAR) if first else ZERO


def c04(facts: Facts, customer: str) -> Fraction | None:
    years, gross = years_observed(facts, customer), margin(facts.lines_in(customer, facts.in_48m))
    return None if years < 2 or gross is None else gross / years


def c05(facts: Facts, customer: str) -> Fraction:
    return volume(facts.lines_in(customer, facts.in_12m))


def c06(facts: Facts, customer: str) -> Fraction:
    return revenue(facts.lines_in(customer, facts.in_12m))


def c07(facts: Facts, customer: str) -> Fraction | None:
    years = years_observed(facts, customer)
    return None if years < 2 else volume(facts.lines_in(customer, facts.in_48m)) / years


def c08(facts: Facts, customer: str) -> Fraction | None:
    lines = facts.lines_in(customer, facts.in_12m)
    sold = revenue(lines)
    return revenue(line for line in lines if line.product.get("is_premium")) / sold if sold else None


def c09(facts: Facts, customer: str) -> Fraction:
    months = {(line.ordered_on.year, line.ordered_on.month) for line in facts.lines_in(customer, facts.in_12m)}
    return Fraction(min(12, len(months)))


def c10(facts: Facts, customer: str) -> float | None:
    dates = [day for day in facts.line_dates(customer) if day in facts.in_24m]
    if len(dates) < 3:
        return None
    gaps = [(later - earlier).days for earlier, later in zip(dates, dates[1:], strict=False)]
    mean = Fraction(sum(gaps), len(gaps))
    variance = sum(((gap - mean) ** 2 for gap in gaps), ZERO) / (len(gaps) - 1)
    return math.sqrt(variance / mean**2)


def c11(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("contract"):
        return None
    committed = ZERO
    for contract in facts.of("contract", customer):
        if contract.get("committed_quantity") is None:
            continue
        days = (contract["ends_on"] - contract["starts_on"]).days + 1
        inside = facts.in_12m.overlap_days(contract["starts_on"], contract["ends_on"])
        committed += Fraction(contract["committed_quantity"]) * inside / days
    return None if committed == 0 else min(Fraction(1), c05(facts, customer) / committed)


def _amount(invoices: list[Invoice]) -> Fraction:
    return sum((invoice.amount for invoice in invoices), ZERO)


def c12(facts: Facts, customer: str) -> Fraction | None:
    due = [invoice for invoice in facts.due_invoices(customer) if invoice.due_on + GRACE_DAYS <= facts.as_of]
    on_time = [i for i in due if i.settled_on is not None and i.settled_on <= i.due_on + GRACE_DAYS]
    total = _amount(due)
    return _amount(on_time) / total if total else None


def c13(facts: Facts, customer: str) -> Fraction | None:
    due = facts.due_invoices(customer)
    total = _amount(due)
    if not total:
        return None
    late = (i.amount * max(0, ((i.settled_on or facts.as_of) - i.due_on).days) for i in due)
    return sum(late, ZERO) / total


def c14(facts: Facts, customer: str) -> Fraction | None:
    invoices = facts.invoices.get(customer, [])
    if not invoices:
        return None
    outstanding = sum((invoice.outstanding for invoice in invoices), ZERO)
    overdue = sum((invoice.outstanding for invoice in invoices if invoice.due_on < facts.as_of), ZERO)
    return overdue / outstanding if outstanding else ZERO


def c15(facts: Facts, customer: str) -> Fraction | None:
    sold = c06(facts, customer)
    return service_cost(facts, customer) / sold if sold else None


def c16(facts: Facts, customer: str) -> Fraction | None:
    ordered = [line for line in facts.all_lines.get(customer, []) if line.ordered_on in facts.in_12m]
    total = volume(ordered)
    return volume(line for line in ordered if line.is_cancelled) / total if total else None


CURRENT: dict[str, Callable[[Facts, str], Value]] = {
    "C01": c01, "C02": c02, "C03": c03, "C04": c04, "C05": c05, "C06": c06, "C07": c07, "C08": c08,
    "C09": c09, "C10": c10, "C11": c11, "C12": c12, "C13": c13, "C14": c14, "C15": c15, "C16": c16,
}  # fmt: skip
