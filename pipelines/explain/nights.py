"""Two published nights compared: who moved between tiers, what did it, who came and went, and the margin with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.explain import wording
from pipelines.explain.scored import require_published, scored_indicators
from pipelines.settings import Settings

DRIVERS = 2
NEW = "new"
# points of value score that nobody would call a move
STOOD_STILL = 0.05

_CUSTOMERS = """
    select customer_id, customer_name, tier, tier_raw, is_active, value_score, company_rank, gross_margin_12m,
        margin_share, volume_share, override_reason, calibration_version
    from published.customer_tier_history where as_of_date = :as_of
"""
_PUBLICATIONS = """
    select finished_at from published.run
    where as_of_date = :as_of and kind = 'night' and status = 'published' order by finished_at desc
"""
_TIERS = """
    select as_of_date, tier, tier_position from published.tier_summary
    where as_of_date in (:first, :last) and scope = 'company' order by as_of_date, tier_position
"""


@dataclass(frozen=True)
class Driver:
    """One indicator's part in a move: its contribution on the second night less that on the first."""

    indicator_id: str
    name_en: str
    name_zh: str
    change: float


@dataclass(frozen=True)
class Move:
    """A customer whose published tier is another one; `before` and `after`: its published rows.

    `drivers`: the `DRIVERS` indicators that did most of it, in the direction of the move where any went that way; none
    where the customer was scored on neither night. `because`: what the scores do not say.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    is_up: bool
    drivers: Sequence[Driver]
    because: str

    @property
    def margin(self) -> Decimal:
        """The margin of 12 months that moves with it; 0 where it is not known."""
        return self.after["gross_margin_12m"] or Decimal(0)


@dataclass(frozen=True)
class NightDifference:
    """`transitions`: (tier before, `new` where there was none; tier after) -> customers and their known margin.

    `entries`, `exits`: customers published on one of the nights only; `activated`, `lapsed`: those that began or ceased
    to be active; all published rows.
    """

    first: date
    last: date
    scheme: Sequence[str]
    moves: Sequence[Move]
    transitions: Mapping[tuple[str, str], tuple[int, Decimal]]
    entries: Sequence[Mapping[str, Any]]
    exits: Sequence[Mapping[str, Any]]
    activated: Sequence[Mapping[str, Any]]
    lapsed: Sequence[Mapping[str, Any]]
    has_other_calibration: bool


def compare_nights(connection: sa.Connection, settings: Settings, first: date, last: date) -> NightDifference:
    """What changed from the published night `first` to the published night `last`.

    Raises:
        NotPublished: one of them was not.
        ValueError: `last` does not come after `first`, or is the same: of a date the last publication is kept.
    """
    if last == first:
        raise ValueError(_published_before(connection, last))
    if last < first:
        raise ValueError(f"the second night must come after the first: {last} does not come after {first}")
    require_published(connection, first)
    require_published(connection, last)
    before, after = (_customers(connection, as_of) for as_of in (first, last))
    schemes = _schemes(connection, first, last)
    stayed = sorted(before.keys() & after.keys())
    movers = [customer for customer in stayed if before[customer]["tier"] != after[customer]["tier"]]
    changes = _contribution_changes(connection, settings, (first, last), movers)
    order = _tier_order(schemes)
    moves = [
        _move(before[customer], after[customer], order, changes[customer], schemes[last][0]) for customer in movers
    ]
    versions = {row["calibration_version"] for rows in (before, after) for row in rows.values()}
    return NightDifference(
        first=first,
        last=last,
        scheme=schemes[last],
        moves=sorted(moves, key=lambda move: (-move.margin, move.after["customer_id"])),
        transitions=_transitions(before, after),
        entries=_by_margin(after[customer] for customer in after.keys() - before.keys()),
        exits=_by_margin(before[customer] for customer in before.keys() - after.keys()),
        activated=_by_margin(after[one] for one in stayed if after[one]["is_active"] and not before[one]["is_active"]),
        lapsed=_by_margin(before[one] for one in stayed if before[one]["is_active"] and not after[one]["is_active"]),
        has_other_calibration=len(versions) > 1,
    )


def _published_before(connection: sa.Connection, as_of: date) -> str:
    """Why a date is not compared with itself, and what to do instead."""
    finished: list[datetime] = list(connection.execute(sa.text(_PUBLICATIONS), {"as_of": as_of}).scalars())
    if len(finished) < 2:
        return f"{as_of} is both nights: name two published nights, the earlier one first"
    return (
        f"{as_of} was published {len(finished)} times, and of a date only the last publication is kept"
        f" ({finished[0]:%Y-%m-%d %H:%M:%S%z}): what the one before it said is gone, and there is nothing to compare."
        f" `cvp replay {as_of} --known-at {finished[1].isoformat()}` evaluates it again from the rows that were known"
        " then, and shows where what is published now differs"
    )


def _customers(connection: sa.Connection, as_of: date) -> dict[str, Mapping[str, Any]]:
    rows = connection.execute(sa.text(_CUSTOMERS), {"as_of": as_of}).mappings()
    return {row["customer_id"]: dict(row) for row in rows}


def _by_margin(rows: Any) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (-(row["gross_margin_12m"] or 0), row["customer_id"]))


def _schemes(connection: sa.Connection, first: date, last: date) -> dict[date, list[str]]:
    found: dict[date, list[str]] = defaultdict(list)
    for row in connection.execute(sa.text(_TIERS), {"first": first, "last": last}):
        found[row.as_of_date].append(row.tier)
    return found


def _tier_order(schemes: Mapping[date, Sequence[str]]) -> dict[str, int]:
    """Where a tier stands, the lowest place of all schemes, as in the published tier_movement."""
    order: dict[str, int] = {}
    for scheme in schemes.values():
        for place, tier in enumerate(scheme):
            order[tier] = max(place, order.get(tier, 0))
    return order


def _transitions(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """As the published tier_transition counts them."""
    customers: Counter[tuple[str, str]] = Counter()
    margin: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for customer, row in after.items():
        way = (before[customer]["tier"] if customer in before else NEW, row["tier"])
        customers[way] += 1
        margin[way] += row["gross_margin_12m"] or Decimal(0)
    return {way: (count, margin[way]) for way, count in sorted(customers.items())}


def _contribution_changes(
    connection: sa.Connection, settings: Settings, nights: tuple[date, date], customers: Sequence[str]
) -> dict[str, list[Driver]]:
    """Customer -> every indicator whose contribution is another one on the second night, the largest change first."""
    changes: dict[tuple[str, str], float] = defaultdict(float)
    for as_of, sign in zip(nights, (-1, 1), strict=True):
        scored = scored_indicators(connection, settings, as_of, customers) if customers else None
        if scored is None:
            continue
        rows = connection.execute(
            sa.text(f"select customer_id, indicator_id, contribution from {scored} as s where customer_id = any(:ids)"),
            {"ids": list(customers)},
        )
        for row in rows:
            changes[row.customer_id, row.indicator_id] += sign * row.contribution
    names = {
        row.indicator_id: (row.name_en, row.name_zh)
        for row in connection.execute(sa.text("select indicator_id, name_en, name_zh from published.indicator"))
    }
    found: dict[str, list[Driver]] = {customer: [] for customer in customers}
    for (customer, indicator), change in sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0])):
        if abs(change) > 1e-12:
            found[customer].append(Driver(indicator, *names.get(indicator, (indicator, "")), change))
    return found


def _move(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    order: Mapping[str, int],
    changes: Sequence[Driver],
    core: str,
) -> Move:
    lowest = len(order)
    is_up = order.get(after["tier"], lowest) < order.get(before["tier"], lowest)
    that_way = [one for one in changes if (one.change > 0) == is_up]
    drivers = (that_way or list(changes))[:DRIVERS]
    return Move(before, after, is_up, drivers, _because(before, after, core))


def _because(before: Mapping[str, Any], after: Mapping[str, Any], core: str) -> str:
    """What moved it besides its score: a person, activity, the core's shares, or the others."""
    if before["override_reason"] != after["override_reason"]:
        return f"override: {after['override_reason'] or 'none holds any more'}"
    if before["is_active"] != after["is_active"]:
        return "became active" if after["is_active"] else "no longer active"
    if core in (before["tier"], after["tier"]):
        known = [
            name for name in ("margin", "volume") if any(row[f"{name}_share"] is not None for row in (before, after))
        ]
        return ", ".join(f"{name} share {_share(before, name)} to {_share(after, name)}" for name in known)
    if before["company_rank"] is None or after["company_rank"] is None:
        return ""
    ranks = f"rank {before['company_rank']} to {after['company_rank']}"
    stood = abs(after["value_score"] - before["value_score"]) < STOOD_STILL
    return f"its score stood, the line moved: {ranks}" if stood else ranks


def _share(row: Mapping[str, Any], name: str) -> str:
    return wording.percent(row[f"{name}_share"], 3)
