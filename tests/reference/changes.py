"""Why contributions moved from one night to the next, with causes, from two versions of a company's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from tests.reference.night import Night
from tests.reference.parameters import Company, Row
from tests.reference.scoring import Score
from tests.reference.staging import DATED_BY, KEYS, RATE_MAX_AGE_DAYS

MOVED = 1e-12

LINES = {"sales_order", "sales_order_line"}
REVENUE = LINES | {"exchange_rate"}
PAYMENT = {"invoice", "payment", "exchange_rate"}
RESTS_ON: dict[str, set[str]] = (
    dict.fromkeys(("C01", "C02", "C04", "C06", "P02"), REVENUE)
    | dict.fromkeys(("C05", "C07", "C09", "C10", "C16", "P01"), LINES)
    | dict.fromkeys(("C12", "C13", "C14"), PAYMENT)
    | dict.fromkeys(("C08", "P07"), REVENUE | {"product"})
    | {
        "C03": REVENUE | PAYMENT | {"service_record"},
        "C11": LINES | {"contract"},
        "C15": REVENUE | {"service_record"},
        "P03": {"demand_estimate"},
        "P04": LINES | {"demand_estimate"},
        "P05": REVENUE | {"demand_estimate"},
        "P06": LINES | {"product"},
        "P08": LINES | {"customer"},
        "P09": {"survey_response"},
        "P10": {"interaction"},
        "P11": {"contract"},
        "P12": {"contract"},
        "P13": {"collaboration"},
        "P14": {"collaboration"},
    }
)
"""Indicator -> the entities whose rows, its own, it is made of (P14: and `REVENUE` of those that it referred)."""


def _by_key(company: Company, entity: str) -> dict[tuple[object, ...], Row]:
    return {tuple(row[name] for name in KEYS[entity]): row for row in company.get(entity, [])}


def _changed(before: Company, after: Company, entity: str, since: date, until: date) -> Iterator[Row]:
    """Every version of a row that is new, changed or gone, or whose day came since; none of a later day."""
    old, new = _by_key(before, entity), _by_key(after, entity)
    dated = DATED_BY.get(entity)
    for key in old.keys() | new.keys():
        versions = [row for row in (old.get(key), new.get(key)) if row is not None]
        is_other = old.get(key) != new.get(key)
        for row in versions:
            day = row[dated] if dated else None
            has_come = day is not None and day > since and entity != "sales_order_line"
            if (is_other or has_come) and (day is None or day <= until):
                yield row


def changed_facts(before: Company, after: Company, since: date, until: date) -> set[tuple[str, str]]:
    """(customer, entity) of what changed between the rows known to the night `since` and those known to `until`.

    Both companies hold what the contract admits.
    """
    orders = {row["order_id"]: row for row in after.get("sales_order", []) if row["ordered_on"] <= until}
    invoices = {row["invoice_id"]: row for row in after.get("invoice", []) if row["issued_on"] <= until}
    found: set[tuple[str, str]] = set()
    for entity in KEYS:
        for row in _changed(before, after, entity, since, until):
            found |= {(customer, entity) for customer in _customers(entity, row, after, orders, invoices)}
    return found


def _customers(entity: str, row: Row, company: Company, orders: dict[str, Row], invoices: dict[str, Row]) -> set[str]:
    if entity == "sales_order_line":
        return {orders[row["order_id"]]["customer_id"]} if row["order_id"] in orders else set()
    if entity == "payment":
        return {invoices[row["invoice_id"]]["customer_id"]} if row["invoice_id"] in invoices else set()
    if entity == "product":
        lines = [line for line in company.get("sales_order_line", []) if line["product_id"] == row["product_id"]]
        return {orders[line["order_id"]]["customer_id"] for line in lines if line["order_id"] in orders}
    if entity == "exchange_rate":
        return _converted(row, company, orders, invoices)
    return {row["customer_id"]} if "customer_id" in row else set()


def _converted(rate: Row, company: Company, orders: dict[str, Row], invoices: dict[str, Row]) -> set[str]:
    def serves(currency: str | None, day: date) -> bool:
        age = day - rate["rate_on"]
        return currency == rate["currency"] and timedelta() <= age <= timedelta(RATE_MAX_AGE_DAYS)

    money = [(row["customer_id"], row.get("currency"), row["ordered_on"]) for row in orders.values()]
    money += [(row["customer_id"], row.get("currency"), row["issued_on"]) for row in invoices.values()]
    for payment in company.get("payment", []):
        if payment["invoice_id"] in invoices:
            invoice = invoices[payment["invoice_id"]]
            money.append((invoice["customer_id"], payment.get("currency"), invoice["issued_on"]))
    return {customer for customer, currency, day in money if serves(currency, day)}


def _has_own_data(customer: str, code: str, changed: set[tuple[str, str]], after: Night) -> bool:
    if any((customer, entity) in changed for entity in RESTS_ON[code]):
        return True
    referred = {
        row["referred_customer_id"]
        for row in after.measured.staged.rows["collaboration"]
        if row["customer_id"] == customer and row["kind"] == "referral"
        and row["started_on"] <= after.measured.facts.as_of
    }  # fmt: skip
    return code == "P14" and any((one, entity) in changed for one in referred for entity in REVENUE)


def score_changes(
    before: Mapping[str, Score], after: Night, changed: set[tuple[str, str]], is_new_calibration: bool = False
) -> dict[tuple[str, str], Row]:
    """(customer, indicator) -> the published row of whatever moved since the scores of the night before."""
    found = {}
    for customer in before.keys() | after.scores.keys():
        old, new = before.get(customer), after.scores.get(customer)
        known = [set(one.points) if one else set() for one in (old, new)]
        for code in known[0] | known[1]:
            row = _row(old, new, code)
            if abs(row["contribution_change"]) <= MOVED:
                continue
            if code in known[0] ^ known[1]:
                row["cause"] = "availability"
            elif is_new_calibration:
                row["cause"] = "calibration"
            elif known[0] ^ known[1] and _is_rather_by_weight(old, new, code):
                row["cause"] = "availability"
            else:
                row["cause"] = "own_data" if _has_own_data(customer, code, changed, after) else "window_moved"
            found[customer, code] = row
    return found


def _row(old: Score | None, new: Score | None, code: str) -> Row:
    change = sum((one.contributions.get(code, 0.0) * sign for one, sign in ((new, 1), (old, -1)) if one), 0.0)
    return {
        "points_before": old.points.get(code) if old else None,
        "points_after": new.points.get(code) if new else None,
        "contribution_change": change,
    }


def _is_rather_by_weight(old: Score | None, new: Score | None, code: str) -> bool:
    assert old is not None and new is not None
    by_value = old.effective_weights[code] * (new.points[code] - old.points[code])
    by_weight = (new.effective_weights[code] - old.effective_weights[code]) * new.points[code]
    return abs(by_weight) > abs(by_value)
