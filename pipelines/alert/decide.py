"""Which alerts a night opens, keeps, closes and withdraws: a pure function over rows and rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.alert.rules import AlertRules, Kind


@dataclass(frozen=True)
class Standing:
    """A customer as the night publishes it. Money in the reporting currency, over 12 months."""

    customer_id: str
    tier: str
    previous_tier: str | None
    tier_movement: str
    churn_risk_level: str | None
    is_active: bool
    gross_margin_12m: Decimal | None
    gross_margin_12m_before: Decimal | None


@dataclass(frozen=True)
class OpenAlert:
    """An alert that was open when the night began; `is_told`: a mail may have told of it, or a person has seen it."""

    alert_id: int
    kind: str
    customer_id: str
    opened_on: date
    margin_at_stake: Decimal | None
    is_told: bool


@dataclass(frozen=True)
class Opening:
    kind: str
    customer_id: str
    margin_at_stake: Decimal | None


@dataclass(frozen=True)
class Decision:
    """What the night does to the alerts.

    kept: alert id -> margin at stake; closed: alert id -> reason. An alert is withdrawn, without a trace, when a second
    evaluation of the very night that opened it no longer finds it and nobody was told.
    """

    opened: tuple[Opening, ...]
    kept: Mapping[int, Decimal | None]
    closed: Mapping[int, str]
    withdrawn: frozenset[int]


def decide(
    as_of: date,
    standings: Mapping[str, Standing],
    alerts: Collection[OpenAlert],
    levels: Mapping[str, Sequence[tuple[date, str | None]]],
    rules: AlertRules,
) -> Decision:
    """Decide one night; in whatever order the rows come, the decision is the same.

    Args:
        as_of: the evaluated date; no alert is opened later than it.
        standings: by customer id; at least those with an alert, a high level or a lost tier.
        alerts: open at the beginning of the night: not closed before it.
        levels: by customer id, the (date, churn risk level) of the evaluated nights up to this one, newest first.
        rules: the kinds and after how many calm nights an alert closes. An alert of a kind that the rules no longer
            have is kept as it is.
    """
    kept: dict[int, Decimal | None] = {}
    closed: dict[int, str] = {}
    withdrawn: set[int] = set()
    for alert in alerts:
        standing, kind = standings.get(alert.customer_id), rules.kinds.get(alert.kind)
        is_found = standing is not None and kind is not None and _is_triggered(kind, standing)
        if alert.opened_on == as_of and not is_found and not alert.is_told:
            withdrawn.add(alert.alert_id)
            continue
        reason = _close_reason(alert, kind, standing, levels, rules.calm_nights_to_close)
        if reason is None:
            kept[alert.alert_id] = _highest(alert.margin_at_stake, standing.gross_margin_12m if standing else None)
        else:
            closed[alert.alert_id] = reason
    standing_open = {(alert.customer_id, alert.kind) for alert in alerts}
    opened = tuple(
        Opening(name, standing.customer_id, _highest(standing.gross_margin_12m, standing.gross_margin_12m_before))
        for name, kind in sorted(rules.kinds.items())
        for _, standing in sorted(standings.items())
        if _is_triggered(kind, standing) and (standing.customer_id, name) not in standing_open
    )
    return Decision(opened, kept, closed, frozenset(withdrawn))


def _is_triggered(kind: Kind, standing: Standing) -> bool:
    if kind.trigger == "level_high":
        return standing.tier in kind.tiers and standing.churn_risk_level == "high"
    fell = standing.tier_movement == "down" and standing.previous_tier in kind.tiers
    return fell and standing.tier not in kind.tiers


def _close_reason(
    alert: OpenAlert,
    kind: Kind | None,
    standing: Standing | None,
    levels: Mapping[str, Sequence[tuple[date, str | None]]],
    calm_nights: int,
) -> str | None:
    if standing is None:
        return "customer_gone"
    if kind is None:
        return None
    if kind.trigger == "tier_lost":
        return "tier_back" if standing.tier in kind.tiers else None
    recent = [level for day, level in levels.get(alert.customer_id, ()) if day >= alert.opened_on][:calm_nights]
    if len(recent) < calm_nights or "high" in recent:
        return None
    return "calm" if standing.is_active else "no_longer_active"


def _highest(*margins: Decimal | None) -> Decimal | None:
    known = [margin for margin in margins if margin is not None]
    return max(known) if known else None
