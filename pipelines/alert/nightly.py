"""A night's alerts and mails, written inside the transaction that publishes the night."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.alert import outbox, routing, story
from pipelines.alert.decide import Decision, OpenAlert, Standing, decide
from pipelines.alert.desk import newest_mutes
from pipelines.alert.incident import resolve
from pipelines.alert.rules import AlertRules, load_rules
from pipelines.settings import Settings
from pipelines.warehouse.alert_schema import ALERT_NOTICE, CHURN_ALERT, MAIL_OUTBOX
from pipelines.warehouse.schema import NIGHT

log = logging.getLogger(__name__)

# A closing is told within this many days; later it is no news.
CLOSING_IS_NEWS_DAYS = 30
_STANDINGS = """
    with night_before as (
        select customer_id, gross_margin_12m
        from published.customer_tier_history
        where as_of_date = (select max(as_of_date) from published.tier_summary where as_of_date < :as_of)
    )
    select
        tonight.customer_id, tonight.customer_name, tonight.tier, tonight.previous_tier, tonight.tier_movement,
        tonight.churn_risk_level, tonight.churn_probability, tonight.is_active, tonight.gross_margin_12m,
        night_before.gross_margin_12m as gross_margin_12m_before, tonight.sales_department, tonight.salesperson_id,
        tonight.account_manager_id
    from published.customer_tier_history as tonight
    left join night_before on tonight.customer_id = night_before.customer_id
    where
        tonight.as_of_date = :as_of
        and (
            tonight.customer_id = any(:with_alert)
            or (tonight.churn_risk_level = 'high' and tonight.tier = any(:tiers))
            or (tonight.tier_movement = 'down' and tonight.previous_tier = any(:tiers))
        )
    order by tonight.customer_id
"""
_LEVELS = """
    select customer_id, as_of_date, churn_risk_level
    from published.customer_tier_history
    where
        customer_id = any(:with_alert)
        and as_of_date in (
            select distinct as_of_date from published.tier_summary
            where as_of_date <= :as_of order by as_of_date desc limit :nights
        )
    order by customer_id, as_of_date desc
"""
_AS_PUBLISHED = (
    "customer_name", "tier", "sales_department", "salesperson_id", "account_manager_id", "churn_risk_level",
    "churn_probability",
)  # fmt: skip


def write_alerts(connection: sa.Connection, settings: Settings, as_of: date, *, is_told: bool = True) -> None:
    """Decide the alerts of the night that this transaction publishes and write the mails that tell of them.

    The incidents that kept it from being published end here too.

    Only the newest night decides: evaluating a past date again opens, changes, closes and mails nothing. The newest
    night again keeps what its first evaluation told, and writes anew what was not yet sent.

    Args:
        is_told: whether mails are written; a replay writes those of its last night only.
    """
    resolve(connection, settings, as_of)
    if connection.scalar(sa.text("select as_of_date from publication.current_night")) != as_of:
        return
    rules = load_rules(settings)
    outbox.withdraw_unsent(connection, "digest", as_of)
    alerts = _open_alerts(connection, as_of)
    rows = _standings(connection, as_of, rules, {alert.customer_id for alert in alerts})
    levels = _levels(connection, as_of, {alert.customer_id for alert in alerts}, rules.calm_nights_to_close)
    fields = Standing.__dataclass_fields__
    standings = {row["customer_id"]: Standing(**{name: row[name] for name in fields}) for row in rows}
    decision = decide(as_of, standings, alerts, levels, rules)
    _apply(connection, as_of, decision, {alert.alert_id: alert.customer_id for alert in alerts}, rows)
    written = _write_digests(connection, settings, as_of, rules) if is_told else 0
    log.info(
        "alerts of %s: %d opened, %d open before, %d closed; %d mails written",
        as_of, len(decision.opened), len(decision.kept), len(decision.closed), written,
    )  # fmt: skip


def _open_alerts(connection: sa.Connection, as_of: date) -> list[OpenAlert]:
    """Alerts that were open when the night began: what an earlier evaluation of this night closed is open again."""
    alert = CHURN_ALERT.c
    noticed = sa.exists().where(ALERT_NOTICE.c.alert_id == alert.alert_id)
    query = sa.select(
        alert.alert_id, alert.kind, alert.customer_id, alert.opened_on, alert.margin_at_stake,
        sa.or_(noticed, alert.acknowledged_at.is_not(None)).label("is_told"),
    ).where(sa.or_(alert.closed_on.is_(None), alert.closed_on >= as_of))  # fmt: skip
    return [OpenAlert(**row._asdict()) for row in connection.execute(query.order_by(alert.alert_id))]


def _standings(
    connection: sa.Connection, as_of: date, rules: AlertRules, with_alert: Collection[str]
) -> list[dict[str, Any]]:
    tiers = sorted({tier for kind in rules.kinds.values() for tier in kind.tiers})
    given = {"as_of": as_of, "with_alert": list(with_alert), "tiers": tiers}
    return [dict(row._mapping) for row in connection.execute(sa.text(_STANDINGS), given)]


def _levels(
    connection: sa.Connection, as_of: date, with_alert: Collection[str], nights: int
) -> dict[str, list[tuple[date, str | None]]]:
    given = {"as_of": as_of, "with_alert": list(with_alert), "nights": nights}
    found: dict[str, list[tuple[date, str | None]]] = {}
    for row in connection.execute(sa.text(_LEVELS), given):
        found.setdefault(row.customer_id, []).append((row.as_of_date, row.churn_risk_level))
    return found


def _apply(
    connection: sa.Connection,
    as_of: date,
    decision: Decision,
    customer_of: Mapping[int, str],
    rows: list[dict[str, Any]],
) -> None:
    published = {row["customer_id"]: {name: row[name] for name in _AS_PUBLISHED} for row in rows}
    alert = CHURN_ALERT.c
    connection.execute(sa.delete(CHURN_ALERT).where(alert.alert_id.in_(decision.withdrawn)))
    for alert_id, margin in decision.kept.items():
        values = published.get(customer_of[alert_id], {}) | {"margin_at_stake": margin, "updated_on": as_of}
        values |= {"closed_on": None, "close_reason": None}
        connection.execute(sa.update(CHURN_ALERT).where(alert.alert_id == alert_id).values(values))
    for alert_id, reason in decision.closed.items():
        values = published.get(customer_of[alert_id], {}) | {"updated_on": as_of}
        values |= {"closed_on": as_of, "close_reason": reason}
        connection.execute(sa.update(CHURN_ALERT).where(alert.alert_id == alert_id).values(values))
    run_id = sa.select(NIGHT.c.run_id).scalar_subquery()
    for opening in decision.opened:
        values = {
            "kind": opening.kind, "customer_id": opening.customer_id, "margin_at_stake": opening.margin_at_stake,
            "opened_on": as_of, "updated_on": as_of, "opened_run_id": run_id, **published[opening.customer_id],
        }  # fmt: skip
        connection.execute(sa.insert(CHURN_ALERT).values(values))


def _write_digests(connection: sa.Connection, settings: Settings, as_of: date, rules: AlertRules) -> int:
    alerts = _alerts_in_mails(connection, as_of)
    states = [
        routing.AlertState(
            **{name: row[name] for name in routing.AlertState.__dataclass_fields__ if name != "is_open"},
            is_open=row["closed_on"] is None,
        )
        for row in alerts.values()
    ]
    digests = routing.route(as_of, states, _notices(connection, alerts), *_silences(connection, as_of), rules)
    told = {
        alerts[alert_id]["customer_id"]
        for digest in digests
        for alert_id in (*digest.new, *digest.closed, *digest.still)
    }
    facts = story.customers(connection, as_of, told)
    shared = {
        "currency": connection.scalar(sa.select(NIGHT.c.reporting_currency)),
        "horizon_days": connection.scalar(sa.select(NIGHT.c.churn_horizon_days)),
        "track_record": story.track_record(connection, as_of),
        "budget": rules.owner_budget_per_week,
    }
    for digest in digests:
        recipient = digest.recipient
        payload = _payload(digest, alerts, facts) | shared | {"reply_to": rules.reply_address(recipient)}
        key = outbox.write(
            connection, settings, "digest", str(as_of), as_of, recipient.address, recipient.language, payload
        )
        for event in ("opened", "closed") if key else ():
            ids = digest.new if event == "opened" else digest.closed
            rows = [
                {
                    "alert_id": alert_id,
                    "recipient": recipient.address,
                    "event": event,
                    "told_on": as_of,
                    "mail_key": key,
                }
                for alert_id in ids
            ]
            if rows:
                connection.execute(sa.insert(ALERT_NOTICE), rows)
    return len(digests)


def _alerts_in_mails(connection: sa.Connection, as_of: date) -> dict[int, dict[str, Any]]:
    since = as_of - timedelta(days=CLOSING_IS_NEWS_DAYS)
    of_interest = sa.or_(CHURN_ALERT.c.closed_on.is_(None), CHURN_ALERT.c.closed_on > since)
    rows = connection.execute(sa.select(CHURN_ALERT).where(of_interest))
    return {row.alert_id: dict(row._mapping) for row in rows}


def _notices(connection: sa.Connection, alert_ids: Collection[int]) -> list[routing.Notice]:
    notice = ALERT_NOTICE.c
    query = sa.select(notice.alert_id, notice.recipient, notice.event, notice.told_on)
    rows = connection.execute(query.where(notice.alert_id.in_(list(alert_ids))))
    return [routing.Notice(**row._asdict()) for row in rows]


def _silences(connection: sa.Connection, as_of: date) -> tuple[set[str], set[str]]:
    """Muted customers, and the addresses that have this night's mail already."""
    newest = newest_mutes()
    muted = sa.select(newest.c.customer_id).where(newest.c.until_on >= as_of)
    of_night = sa.and_(MAIL_OUTBOX.c.purpose == "digest", MAIL_OUTBOX.c.as_of_date == as_of)
    written = sa.select(MAIL_OUTBOX.c.recipient).where(of_night)
    return set(connection.scalars(muted).all()), set(connection.scalars(written).all())


def _payload(
    digest: routing.Digest, alerts: Mapping[int, dict[str, Any]], facts: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Per part (new, closed, still) the alerts in order; a customer's facts once."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for part in ("new", "closed", "still"):
        chosen = [alerts[alert_id] for alert_id in getattr(digest, part)]
        parts[part] = [
            {
                "alert_id": alert["alert_id"], "kind": alert["kind"], "customer_id": alert["customer_id"],
                "customer_name": alert["customer_name"],
                "opened_on": alert["opened_on"].isoformat(), "close_reason": alert["close_reason"],
                "true_cause": alert["true_cause"],
                "margin_at_stake": None if alert["margin_at_stake"] is None else str(alert["margin_at_stake"]),
            }
            for alert in chosen
        ]  # fmt: skip
    named = {alert["customer_id"] for part in parts.values() for alert in part}
    return parts | {"held": digest.held, "customers": {name: facts[name] for name in sorted(named) if name in facts}}
