"""The pyramid and the moves between tiers, counted from a night's customers."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from tests.reference.facts import ZERO, margin, volume
from tests.reference.night import Night, revenue_12m
from tests.reference.parameters import Row
from tests.reference.tiers import BEST_FIRST, SHARE_TIERS

Key = tuple[str, ...]


def members(night: Night) -> dict[tuple[str, str], list[str]]:
    """The customers of every scope: the company, each sales department, each salesperson's book."""
    facts = night.measured.facts
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for customer, row in facts.customers.items():
        found["company", "all"].append(customer)
        for scope, name in (
            ("department", row.get("sales_department")),
            ("salesperson", facts.salesperson_id(customer)),
        ):
            if name is not None:
                found[scope, name].append(customer)
    return found


def _sums(night: Night, customers: list[str]) -> Row:
    facts = night.measured.facts
    lines = {customer: facts.lines_in(customer, facts.in_12m) for customer in customers}
    scores = [night.scores[customer].value_score for customer in customers if customer in night.scores]
    core = [night.core[customer] for customer in customers if customer in night.core]
    return {
        "customers": len(customers),
        "active_customers": len(scores),
        "revenue_12m": sum((revenue_12m(facts, customer) for customer in customers), ZERO),
        "gross_margin_12m": sum((margin(lines[customer]) or ZERO for customer in customers), ZERO),
        "volume_12m": sum((volume(lines[customer]) for customer in customers), ZERO),
        "margin_share": sum((one.margin_share for one in core), ZERO),
        "volume_share": sum((one.volume_share for one in core), ZERO),
        "mean_value_score": sum(scores) / len(scores) if scores else None,
        "customers_at_high_risk": sum(night.measured.churn[customer].level == "high" for customer in customers),
    }


def pyramid(night: Night) -> dict[Key, Row]:
    """(scope, scope id, tier) -> counts, sums and shares of the scope; None where the scope has nothing to share."""
    scheme = SHARE_TIERS[night.measured.facts.parameters.tier_scheme]
    tiers = [tier for tier in BEST_FIRST if tier in ("core", "general") or tier in dict(scheme)]
    found: dict[Key, Row] = {}
    for (scope, name), customers in members(night).items():
        whole = _sums(night, customers)
        for tier in tiers:
            row = _sums(night, [customer for customer in customers if night.tiers[customer].tier == tier])
            row["revenue_share"] = row["revenue_12m"]
            for share, total in (
                ("revenue_share", whole["revenue_12m"]),
                ("margin_share", whole["margin_share"]),
                ("volume_share", whole["volume_share"]),
            ):
                row[share] = row[share] / total if total else None
            found[scope, name, tier] = row
    return found


def transitions(night: Night) -> dict[Key, Row]:
    """(tier of the evaluated day before or `new`, tier) -> customers and their known margin."""
    facts = night.measured.facts
    found: dict[Key, Row] = {}
    for customer, tier in night.tiers.items():
        row = found.setdefault(
            (tier.previous_tier or "new", tier.tier), {"customers": 0, "gross_margin_12m": Fraction(0)}
        )
        row["customers"] += 1
        row["gross_margin_12m"] += margin(facts.lines_in(customer, facts.in_12m)) or ZERO
    return found
