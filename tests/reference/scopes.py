"""The tiering of every department and every salesperson's book: the company's rule over those customers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.reference import scoring, tiers
from tests.reference.night import Night, contributions
from tests.reference.parameters import Row
from tests.reference.pyramid import members

Scope = tuple[str, str]
"""(department or salesperson, its name)."""


@dataclass(frozen=True)
class ScopeTiers:
    """One scope's tiers, by active customer of it."""

    basis: str
    core: Mapping[str, tiers.Core]
    raw: Mapping[str, str]
    computed: Mapping[str, str]


def scope_tiers(night: Night, before: Mapping[Scope, Mapping[str, str]] | None = None) -> dict[Scope, ScopeTiers]:
    """Every scope of the night, the company's among them; `before` holds each scope's tiers of the day before."""
    active = contributions(night.measured)
    best_first = scoring.best_first(night.scores)
    scheme = night.measured.facts.parameters.tier_scheme
    found = {}
    for scope, customers in members(night).items():
        if scope[0] == "company":
            raw = {customer: night.tiers[customer].tier_raw for customer in active}
            computed = {customer: night.tiers[customer].tier_computed for customer in active}
            found[scope] = ScopeTiers(night.basis, night.core, raw, computed)
            continue
        inside = set(customers)
        own = [customer for customer in best_first if customer in inside]
        core = tiers.core_of({customer: active[customer] for customer in own})
        raw = tiers.raw_tiers(core, own, scheme)
        held = {
            customer: tiers.Previous(tier, tier, night.measured.facts.as_of)
            for customer, tier in (before or {}).get(scope, {}).items()
        }
        basis = tiers.basis_of({customer: active[customer] for customer in own})
        found[scope] = ScopeTiers(basis, core, raw, tiers.computed_tiers(raw, core, own, held))
    return found


def scope_rows(scoped: Mapping[Scope, ScopeTiers], night: Night) -> dict[tuple[str, str, str], Row]:
    """The rows of `scope_tier`: (scope, scope id, customer) -> what the method fixes; the company's stand elsewhere."""
    rank = {"department": "department_rank", "salesperson": "salesperson_rank"}
    rows: dict[tuple[str, str, str], Row] = {}
    for (scope, name), one in scoped.items():
        if scope == "company":
            continue
        shares = {
            part: any(getattr(core, part) for core in one.core.values()) for part in ("margin_share", "volume_share")
        }
        for customer, core in one.core.items():
            row: Row = {
                "tier_raw": one.raw[customer],
                "tier_computed": one.computed[customer],
                "scope_rank": night.ranks[rank[scope]][customer],
                "is_margin_imputed": core.is_margin_imputed,
                "tier_basis": one.basis,
            }
            for part, is_there in shares.items():
                row[part] = getattr(core, part) if is_there else None
                row[f"cumulative_{part}"] = getattr(core, f"cumulative_{part}") if is_there else None
            rows[scope, name, customer] = row
    return rows


def own_tier_columns(scoped: Mapping[Scope, ScopeTiers], night: Night) -> dict[tuple[str, str, str], Row]:
    """(scope, scope id, tier) -> the columns of `tier_summary` that count by the scope's own tiers."""
    rows: dict[tuple[str, str, str], Row] = {}
    for (scope, name), customers in members(night).items():
        one = scoped[scope, name]
        shares = {
            part: any(getattr(core, part) for core in one.core.values()) for part in ("margin_share", "volume_share")
        }
        for tier in tiers.BEST_FIRST:
            held = [customer for customer in customers if one.computed.get(customer, tiers.LAST_TIER) == tier]
            cores = [one.core[customer] for customer in held if customer in one.core]
            row: Row = {"customers_by_own_tier": len(held)}
            for part, is_there in shares.items():
                total = sum((getattr(core, part) for core in cores), tiers.ZERO)
                row[f"{part}_by_own_tier"] = total if is_there and cores else None
            rows[scope, name, tier] = row
    return rows
