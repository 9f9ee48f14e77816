"""What a mail tells about customers: the facts behind their alerts, as plain values for the outbox's payload.

Everything is read in the transaction that publishes the night, so a mail that is sent late still tells that night.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

import sqlalchemy as sa

CHART_MONTHS = 24
_CUSTOMERS = """
    select
        customer_tier.customer_id, customer_tier.customer_name, customer_tier.industry, customer_tier.region,
        customer_tier.sales_department, customer_tier.salesperson_id, customer_tier.account_manager_id,
        customer_tier.tier, customer_tier.previous_tier, customer_tier.churn_probability,
        customer_tier.churn_risk_level, customer_tier.churn_status, customer_tier.gross_margin_12m,
        night_before.as_of_date as before_on, night_before.churn_probability as churn_probability_before,
        night_before.churn_risk_level as churn_risk_level_before
    from published.customer_tier_history as customer_tier
    left join published.customer_tier_history as night_before
        on
            customer_tier.customer_id = night_before.customer_id
            and night_before.as_of_date = (
                select max(as_of_date) from published.tier_summary where as_of_date < :as_of
            )
    where customer_tier.as_of_date = :as_of and customer_tier.customer_id = any(:ids)
"""
_ORDER_DAYS = """
    select customer_id, ordered_on, volume, costed_margin
    from intermediate.int_customer_order_day
    where customer_id = any(:ids) and ordered_on <= :as_of
    order by customer_id, ordered_on
"""
_REASONS = """
    select customer_id, reason_code, evidence, evidence_zh
    from published.churn_reason
    where as_of_date = :as_of and customer_id = any(:ids)
    order by customer_id, reason_rank
"""
_TRACK_RECORD = """
    select tier_group, flagged_customers as flagged, churned_customers as churned
    from published.churn_track_record
    where as_of_date = :as_of and risk_level = 'high' and flagged_customers > 0
"""


def customers(connection: sa.Connection, as_of: date, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """By customer id: who it is, its risk now and the night before, reasons, orders of 24 months. JSON values only."""
    given = {"as_of": as_of, "ids": list(ids)}
    reasons = _reasons(connection, as_of, given)
    orders: dict[str, list[Any]] = {}
    for row in connection.execute(sa.text(_ORDER_DAYS), given):
        orders.setdefault(row.customer_id, []).append(row)
    found = {}
    for row in connection.execute(sa.text(_CUSTOMERS), given):
        facts = {name: _plain(value) for name, value in row._mapping.items()}
        facts["reasons"] = reasons.get(row.customer_id, [])
        facts["orders"] = _orders(as_of, orders.get(row.customer_id, []))
        found[row.customer_id] = facts
    return found


def _reasons(connection: sa.Connection, as_of: date, given: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    if connection.scalar(sa.text("select to_regclass('published.churn_reason')")) is None:
        return {}
    found: dict[str, list[dict[str, str]]] = {}
    for row in connection.execute(sa.text(_REASONS), given):
        texts = {"code": row.reason_code, "en": row.evidence, "zh": row.evidence_zh}
        found.setdefault(row.customer_id, []).append(texts)
    return found


def track_record(connection: sa.Connection, as_of: date) -> dict[str, dict[str, Any]]:
    """By tier group (`core`, `important`, `all`): how many customers were flagged high before, and how many left."""
    if connection.scalar(sa.text("select to_regclass('published.churn_track_record')")) is None:
        return {}
    rows = connection.execute(sa.text(_TRACK_RECORD), {"as_of": as_of})
    return {row.tier_group: {name: _plain(value) for name, value in row._mapping.items()} for row in rows}


def _orders(as_of: date, days: list[Any]) -> dict[str, Any]:
    """Last order, the usual gap between orders in days (median of 24 months), sums per month, oldest first."""
    months = _months_up_to(as_of, CHART_MONTHS)
    recent = [row for row in days if row.ordered_on.strftime("%Y-%m") >= months[0]]
    gaps = [(later.ordered_on - row.ordered_on).days for row, later in zip(recent, recent[1:], strict=False)]
    volume, margin = dict.fromkeys(months, 0.0), dict.fromkeys(months, 0.0)
    for row in recent:
        month = row.ordered_on.strftime("%Y-%m")
        volume[month] += float(row.volume or 0)
        margin[month] += float(row.costed_margin or 0)
    return {
        "last_on": days[-1].ordered_on.isoformat() if days else None,
        "days_since": (as_of - days[-1].ordered_on).days if days else None,
        "usual_gap_days": round(median(gaps)) if gaps else None,
        "months": months,
        "volume": list(volume.values()),
        "margin": list(margin.values()),
        "days": [row.ordered_on.isoformat() for row in recent],
    }


def _months_up_to(as_of: date, count: int) -> list[str]:
    """The last `count` calendar months as `2026-06`, oldest first, the one of `as_of` last."""
    last = as_of.year * 12 + as_of.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(last - count + 1, last + 1)]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
