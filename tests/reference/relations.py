"""The optional entities of a nasty company: surveys, interactions, assignments, estimates, contracts, joint work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.reference.staging import ATTRIBUTES, COLLABORATION_KINDS, RELATIONSHIP_LEVELS

if TYPE_CHECKING:
    from tests.reference.companies import Maker


def _survey(make: Maker, customer: str) -> None:
    survey, day = make.next_id("survey_response", "U"), make.any_day()
    for attribute in make.dice.sample(ATTRIBUTES, make.dice.randint(1, 5)):
        make.rows["survey_response"].append(
            {
                "survey_id": survey,
                "attribute": attribute,
                "customer_id": customer,
                "surveyed_on": day,
                "expected": Decimal(make.dice.randint(10, 100)) / 10,
                "perceived": Decimal(make.dice.randint(10, 100)) / 10,
            }
        )


def _interaction(make: Maker, customer: str) -> None:
    make.rows["interaction"].append(
        {
            "interaction_id": make.next_id("interaction", "T"),
            "customer_id": customer,
            "occurred_on": make.any_day(),
            "channel": make.dice.choice(("visit", "call", "meeting", "email", None)),
        }
    )


def _assignment(make: Maker, customer: str) -> None:
    begun = make.any_day()
    taken = {(row["customer_id"], row["valid_from_on"]) for row in make.rows["account_assignment"]}
    if (customer, begun) in taken:
        return
    make.rows["account_assignment"].append(
        {
            "customer_id": customer,
            "valid_from_on": begun,
            "account_manager_id": make.dice.choice(("M1", "M2", "M3")),
            "valid_to_on": make.dice.choice((None, make.as_of, make.as_of - timedelta(days=1), begun)),
        }
    )
    row = make.rows["account_assignment"][-1]
    if row["valid_to_on"] is not None and row["valid_to_on"] < begun:
        row["valid_to_on"] = None


def _estimate(make: Maker, customer: str) -> None:
    years = [make.as_of.year - back for back in (-1, 0, 1, 2) if make.chance(0.5)]
    held = {(row["customer_id"], row["demand_year"]) for row in make.rows["demand_estimate"]}
    for year in years:
        if (customer, year) not in held:
            make.rows["demand_estimate"].append(
                {
                    "customer_id": customer,
                    "demand_year": year,
                    "total_demand_quantity": Decimal(make.dice.randint(1, 90_000)) / 10,
                }
            )


def _contract_days(make: Maker) -> tuple[date, date]:
    start = make.any_day()
    ends = [start, start + timedelta(days=make.dice.randint(1, 900)), start + timedelta(days=1200)]
    ends += [day for day in (*make.edges, make.as_of + timedelta(days=400)) if day >= start]
    return start, make.dice.choice(ends)


def _contract(make: Maker, customer: str) -> None:
    start, end = _contract_days(make)
    make.rows["contract"].append(
        {
            "contract_id": make.next_id("contract", "K"),
            "customer_id": customer,
            "relationship_level": make.dice.choice(RELATIONSHIP_LEVELS),
            "starts_on": start,
            "ends_on": end,
            "committed_quantity": make.dice.choice((None, Decimal(0), make.money(1, 900), make.money(1, 90_000))),
        }
    )


def _collaboration(make: Maker, customer: str) -> None:
    start, end = _contract_days(make)
    kind = make.dice.choice((*COLLABORATION_KINDS, "referral", "referral"))
    referred = make.dice.choice((customer, make.customer(), make.customer(), None))
    if make.chance(0.02):
        referred = "only ever referred"
    for _ in range(2 if kind == "referral" and make.chance(0.3) else 1):
        make.rows["collaboration"].append(
            {
                "collaboration_id": make.next_id("collaboration", "J"),
                "customer_id": customer,
                "kind": kind,
                "started_on": start,
                "ended_on": end if make.chance(0.6) else None,
                "referred_customer_id": referred if kind == "referral" else None,
            }
        )


ADD: dict[str, Callable[[Maker, str], None]] = {
    "survey_response": _survey,
    "interaction": _interaction,
    "account_assignment": _assignment,
    "demand_estimate": _estimate,
    "contract": _contract,
    "collaboration": _collaboration,
}


def add_relations(make: Maker) -> None:
    """Rows of the optional entities that the company delivers."""
    for entity in sorted(make.shape.optional):
        for customer in make.customer_ids:
            for _ in range(make.dice.choice((0, 1, 1, 3))):
                ADD[entity](make, make.customer() if make.chance(0.1) else customer)
