"""P01 to P14: what a customer can contribute. Each function is one row of the method's table; None is null."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.reference.current_value import Value, c01, c05, c06
from tests.reference.facts import ZERO, Facts, margin, revenue, volume
from tests.reference.parameters import DAYS_A_YEAR
from tests.reference.staging import RELATIONSHIP_LEVELS


def _is_first_line_inside_12m(facts: Facts, customer: str) -> bool:
    return facts.first_line_on(customer) in facts.in_12m


def p01(facts: Facts, customer: str) -> Fraction | None:
    now, before = c05(facts, customer), volume(facts.lines_in(customer, facts.in_prior_12m))
    if _is_first_line_inside_12m(facts, customer) or now == before == 0:
        return None
    return (now - before) / max(now, before)


def p02(facts: Facts, customer: str) -> Fraction | None:
    now, before = c01(facts, customer), margin(facts.lines_in(customer, facts.in_prior_12m))
    if _is_first_line_inside_12m(facts, customer) or now is None or before is None or now == before == 0:
        return None
    return (now - before) / max(abs(now), abs(before))


def total_demand(facts: Facts, customer: str) -> Fraction | None:
    """TD(y)."""
    year = facts.demand_year(customer)
    return None if year is None else facts.demand[customer, year]


def p03(facts: Facts, customer: str) -> Fraction | None:
    year, now = facts.demand_year(customer), total_demand(facts, customer)
    if year is None or now is None:
        return None
    before = facts.demand.get((customer, year - 1))
    return None if before is None else (now - before) / max(now, before)


def p04(facts: Facts, customer: str) -> Fraction | None:
    demand = total_demand(facts, customer)
    return None if demand is None else min(Fraction(1), c05(facts, customer) / demand)


def p05(facts: Facts, customer: str) -> Fraction | None:
    demand, gross, bought = total_demand(facts, customer), c01(facts, customer), c05(facts, customer)
    if demand is None or gross is None or not bought:
        return None
    return max(ZERO, demand - bought) * max(ZERO, gross / bought)


def p06(facts: Facts, customer: str) -> Fraction:
    families = {line.product.get("product_family") for line in facts.lines_in(customer, facts.in_24m)}
    return Fraction(len(families - {None}))


def p07(facts: Facts, customer: str) -> Fraction | None:
    lines = facts.lines_in(customer, facts.in_12m)
    sold = revenue(lines)
    return revenue(line for line in lines if line.product.get("launched_on") in facts.in_36m) / sold if sold else None


def p08(facts: Facts, customer: str) -> Fraction | None:
    since = facts.customers[customer].get("customer_since_on")
    known = [day for day in (since, facts.first_line_on(customer)) if day is not None and day <= facts.as_of]
    return Fraction((facts.as_of - min(known)).days) / DAYS_A_YEAR if known else None


def p09(facts: Facts, customer: str) -> Fraction | None:
    answers = [row for row in facts.of("survey_response", customer) if row["surveyed_on"] in facts.in_12m]
    gaps = [Fraction(row["perceived"]) - Fraction(row["expected"]) for row in answers]
    return sum(gaps, ZERO) / len(gaps) if gaps else None


def p10(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("interaction"):
        return None
    return Fraction(sum(row["occurred_on"] in facts.in_12m for row in facts.of("interaction", customer)))


def p11(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("contract"):
        return None
    levels = [RELATIONSHIP_LEVELS.index(row["relationship_level"]) for row in facts.valid_contracts(customer)]
    return Fraction(max(levels, default=0))


def p12(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("contract"):
        return None
    days = [(row["ends_on"] - facts.as_of).days for row in facts.valid_contracts(customer)]
    return min(Fraction(36), max(days, default=0) * 12 / DAYS_A_YEAR)


def p13(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("collaboration"):
        return None
    return Fraction(
        sum(
            row["kind"] != "referral" and (row.get("ended_on") is None or row["ended_on"] > facts.in_24m.after)
            for row in facts.of("collaboration", customer)
        )
    )


def p14(facts: Facts, customer: str) -> Fraction | None:
    if not facts.is_supplied("collaboration"):
        return None
    referrals = [row for row in facts.of("collaboration", customer) if row["kind"] == "referral"]
    referred = {row["referred_customer_id"] for row in referrals if row.get("referred_customer_id") is not None}
    return sum((c06(facts, other) for other in referred - {customer}), ZERO)


POTENTIAL: dict[str, Callable[[Facts, str], Value]] = {
    "P01": p01, "P02": p02, "P03": p03, "P04": p04, "P05": p05, "P06": p06, "P07": p07,
    "P08": p08, "P09": p09, "P10": p10, "P11": p11, "P12": p12, "P13": p13, "P14": p14,
}  # fmt: skip
