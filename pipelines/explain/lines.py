"""How far a customer stands from the lines of its tier, from the published shares and ranks of one night.

The core's line is the mean share of margin and volume of the last customer inside the raw core; where one of the two
shares is not published (no costs, no volume) the other alone. What a customer is away from it, it could make up or lose
by margin alone or by volume alone; the totals are held, so the figures are those of a small step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

_ACTIVE = """
    select customer_id, tier_raw, company_rank, value_score, margin_share, volume_share, gross_margin_12m, volume_12m,
        is_margin_imputed
    from published.customer_tier_history where as_of_date = :as_of and is_active order by company_rank
"""
_SCHEME = """
    select tier from published.tier_summary where as_of_date = :as_of and scope = 'company' order by tier_position
"""


@dataclass(frozen=True)
class CoreLine:
    """Mean shares, 0 to 1; `margin` and `volume`: what lies between, to gain or to lose by one of them alone.

    None where there are no costs or no volume, and of one above the line where losing all of it would not do; but
    without a margin nobody is core, so its own margin is the most that it may lose.
    """

    own_share: float
    line_share: float
    margin: float | None
    volume: float | None

    @property
    def is_above(self) -> bool:
        return self.own_share >= self.line_share


@dataclass(frozen=True)
class ScoreLine:
    """The line below `tier` among the active customers outside the raw core, by value score.

    `place` is the customer's own among them, 1 best (of one in the raw core: where it would stand); the last `places`
    inside. `line_score`: of the last inside; `points`: own score less that of the first customer beyond the line.
    """

    tier: str
    place: int
    places: int
    line_score: float
    points: float

    @property
    def is_inside(self) -> bool:
        return self.place <= self.places


@dataclass(frozen=True)
class TierLines:
    """`core` None where nobody is core or the customer is not active; `by_score` one per line, the best first."""

    core: CoreLine | None
    by_score: Sequence[ScoreLine]


def tier_scheme(connection: sa.Connection, as_of: date) -> list[str]:
    """The tiers of the night's scheme, from the best on."""
    return list(connection.scalars(sa.text(_SCHEME), {"as_of": as_of}))


def tier_lines(connection: sa.Connection, as_of: date, customer: Mapping[str, Any]) -> TierLines:
    """The lines around one published row of the night `as_of`."""
    if not customer["is_active"]:
        return TierLines(None, ())
    active = [dict(row) for row in connection.execute(sa.text(_ACTIVE), {"as_of": as_of}).mappings()]
    scheme = tier_scheme(connection, as_of)
    return TierLines(core_line(active, customer, scheme[0]), score_lines(active, customer, scheme))


def _mean_share(row: Mapping[str, Any]) -> float:
    shares = [float(row[name]) for name in ("margin_share", "volume_share") if row[name] is not None]
    return sum(shares) / len(shares) if shares else 0.0


def core_line(active: Sequence[Mapping[str, Any]], customer: Mapping[str, Any], core: str) -> CoreLine | None:
    """The core's line from all active customers' published rows; `core` is the scheme's first tier."""
    inside = [_mean_share(row) for row in active if row["tier_raw"] == core]
    if not inside:
        return None
    own, line = _mean_share(customer), min(inside)
    # shares of nothing are null, for everybody
    parts = sum(customer[name] is not None for name in ("margin_share", "volume_share"))
    gap = abs(own - line) * parts
    margins = [row for row in active if row["gross_margin_12m"] is not None and row["gross_margin_12m"] > 0]
    known_share = sum(float(row["margin_share"] or 0) for row in margins)
    margin = gap * float(sum(row["gross_margin_12m"] for row in margins)) / known_share if known_share > 0 else None
    volume = gap * float(sum(row["volume_12m"] for row in active)) if customer["volume_share"] is not None else None
    if own >= line:
        margin, volume = _at_most(margin, customer["gross_margin_12m"]), _none_above(volume, customer["volume_12m"])
    return CoreLine(own, line, margin, volume)


def _at_most(much: float | None, all_of_it: Any) -> float | None:
    return much if much is None or all_of_it is None else min(much, float(all_of_it))


def _none_above(much: float | None, all_of_it: Any) -> float | None:
    return much if much is None or much < float(all_of_it) else None


def score_lines(
    active: Sequence[Mapping[str, Any]], customer: Mapping[str, Any], scheme: Sequence[str]
) -> list[ScoreLine]:
    """The lines by value score; `active` by company rank, `scheme` the tiers from the best on."""
    outside = [row for row in active if row["tier_raw"] != scheme[0]]
    place = 1 + sum(row["company_rank"] < customer["company_rank"] for row in outside)
    found = []
    for position, tier in enumerate(scheme[1:-1], 1):
        inside = [row for row in outside if scheme.index(row["tier_raw"]) <= position]
        if not inside:
            continue
        beyond = outside[len(inside)] if len(inside) < len(outside) else None
        neighbour = beyond if place <= len(inside) else inside[-1]
        points = customer["value_score"] - neighbour["value_score"] if neighbour else customer["value_score"]
        found.append(ScoreLine(tier, place, len(inside), inside[-1]["value_score"], points))
    return found
