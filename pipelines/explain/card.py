"""The profile card of one customer on one published night: everything that explains it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from pipelines.explain.lines import TierLines, tier_lines
from pipelines.explain.scored import require_published, scored_indicators
from pipelines.settings import Settings

PEERS_EACH_WAY = 3

_CUSTOMER = "select * from published.customer_tier_history where as_of_date = :as_of and customer_id = :customer"
_INDICATORS = """
    select
        indicator.indicator_id, indicator.name_en, indicator.name_zh, indicator.dimension, indicator."group",
        indicator.unit, indicator.direction, calibrated.nominal_weight,
        own.raw_value, own.points, coalesce(own.effective_weight, 0) as effective_weight,
        coalesce(own.contribution, 0) as contribution, segment.median_value, segment.median_points
    from published.indicator as indicator
    inner join control.calibration_indicator as calibrated
        on indicator.indicator_id = calibrated.indicator_id and calibrated.version = :version
        and coalesce(to_jsonb(calibrated) ->> 'judgement_set', 'default') = :judgement_set
    left join {scored} as own on indicator.indicator_id = own.indicator_id and own.customer_id = :customer
    left join (
        select
            scored.indicator_id,
            percentile_cont(0.5) within group (order by scored.raw_value) as median_value,
            percentile_cont(0.5) within group (order by scored.points) as median_points
        from {scored} as scored
        where scored.customer_id = any(:peers)
        group by scored.indicator_id
    ) as segment on indicator.indicator_id = segment.indicator_id
    order by indicator.indicator_id
"""
_SEGMENT = """
    select customer_id from published.customer_tier_history
    where as_of_date = :as_of and industry = :industry and is_active
"""
_PEERS = """
    select customer_id, customer_name, segment_rank, tier, value_score, gross_margin_12m, volume_12m, churn_risk_level
    from published.customer_tier_history
    where as_of_date = :as_of and industry = :industry and segment_rank between :first and :last
    order by segment_rank
"""
_MEDIANS = """
    select
        count(*) as customers,
        percentile_cont(0.5) within group (order by value_score) as value_score,
        percentile_cont(0.5) within group (order by gross_margin_12m) as gross_margin_12m,
        percentile_cont(0.5) within group (order by volume_12m) as volume_12m
    from published.customer_tier_history where as_of_date = :as_of and industry = :industry and is_active
"""
_HISTORY = """
    select as_of_date, value_score, value_score_low, value_score_high, tier
    from published.customer_tier_history where customer_id = :customer and as_of_date <= :as_of order by as_of_date
"""
_CHANGES = """
    select indicator_id, contribution_change, cause
    from published.score_change where as_of_date = :as_of and customer_id = :customer
    order by abs(contribution_change) desc
"""
_COMPARED = """
    select before.as_of_date, before.calibration_version from published.customer_tier_history as before
    where before.as_of_date = (select max(previous_as_of_date) from published.score_change where as_of_date = :as_of)
    limit 1
"""
_REASONS = """
    select reason_code, evidence, evidence_zh
    from published.churn_reason_history where as_of_date = :as_of and customer_id = :customer order by reason_rank
"""
_RECORD = """
    select flagged, churned, churn_rate, churn_rate_low, churn_rate_high from published.churn_track_record
    where as_of_date = :as_of and risk_level = :risk_level and tier_group = 'all' and flagged > 0
"""


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator of the customer. Weights 0 to 1, points 0 to 100; `raw_value` and `points` None where it is null.

    `taken_by`: where it is null, the indicators that its weight went to.
    """

    indicator_id: str
    name_en: str
    name_zh: str
    dimension: str
    group: str
    unit: str
    direction: str
    nominal_weight: float
    raw_value: Any
    points: float | None
    effective_weight: float
    contribution: float
    median_value: float | None
    median_points: float | None
    taken_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A customer on a night. `customer`: its published row; the lists hold published rows too.

    `record`: how often its risk level came true before, one row or none. `compared_with`: the night that `changes` are
    from; None where there was none before, or its changes are no longer kept. `has_new_calibration`: since that night.
    """

    as_of: date
    currency: str
    customer: Mapping[str, Any]
    lines: TierLines
    indicators: Sequence[IndicatorLine]
    peers: Sequence[Mapping[str, Any]]
    medians: Mapping[str, Any] | None
    history: Sequence[Mapping[str, Any]]
    compared_with: date | None
    has_new_calibration: bool
    changes: Sequence[Mapping[str, Any]]
    reasons: Sequence[Mapping[str, Any]]
    record: Sequence[Mapping[str, Any]]

    @property
    def missing(self) -> list[IndicatorLine]:
        """The indicators that are null for this customer; none where it is not scored at all."""
        return [one for one in self.indicators if one.points is None] if self.customer["is_active"] else []


def read_card(connection: sa.Connection, settings: Settings, as_of: date, customer_id: str) -> Card:
    """The card of a customer that the night `as_of` published.

    Raises:
        NotPublished: there is no such night.
    """
    require_published(connection, as_of)
    named: dict[str, Any] = {"as_of": as_of, "customer": customer_id}
    customer = _rows(connection, _CUSTOMER, named)[0]
    named |= {"industry": customer["industry"], "risk_level": customer["churn_risk_level"]}
    rank = customer["segment_rank"]
    peers, medians = [], None
    if rank is not None:
        around = {"first": rank - PEERS_EACH_WAY, "last": rank + PEERS_EACH_WAY}
        peers = _rows(connection, _PEERS, named | around)
        medians = _rows(connection, _MEDIANS, named)[0]
    compared = _rows_where_there(connection, "published.score_change", _COMPARED, named)
    return Card(
        as_of=as_of,
        currency=settings.reporting_currency,
        customer=customer,
        lines=tier_lines(connection, as_of, customer),
        indicators=_indicators(connection, settings, customer, named),
        peers=peers,
        medians=medians,
        history=_rows(connection, _HISTORY, named),
        compared_with=next((row["as_of_date"] for row in compared), None),
        has_new_calibration=any(row["calibration_version"] != customer["calibration_version"] for row in compared),
        changes=_rows_where_there(connection, "published.score_change", _CHANGES, named),
        reasons=_rows_where_there(connection, "published.churn_reason_history", _REASONS, named),
        record=_rows_where_there(connection, "published.churn_track_record", _RECORD, named),
    )


def _rows(connection: sa.Connection, sql: str, named: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statement = sa.text(sql)
    bound = {name: named[name] for name in statement._bindparams}
    return [dict(row) for row in connection.execute(statement, bound).mappings()]


def _rows_where_there(
    connection: sa.Connection, table: str, sql: str, named: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """A warehouse whose nights were published by an earlier release lacks later tables until its next night."""
    is_there = connection.scalar(sa.text("select to_regclass(:name)"), {"name": table})
    return _rows(connection, sql, named) if is_there else []


def _indicators(
    connection: sa.Connection, settings: Settings, customer: Mapping[str, Any], named: Mapping[str, Any]
) -> list[IndicatorLine]:
    peers = [row["customer_id"] for row in _rows(connection, _SEGMENT, named)]
    scored = scored_indicators(connection, settings, customer["as_of_date"], [*peers, customer["customer_id"]])
    applied = {
        "version": customer["calibration_version"],
        "judgement_set": customer.get("judgement_set") or "default",
        "peers": peers,
    }
    rows = _rows(connection, _INDICATORS.format(scored=scored), {**named, **applied})
    lines = [IndicatorLine(**row) for row in rows]
    return [_with_takers(one, lines) for one in lines]


def _with_takers(one: IndicatorLine, lines: Sequence[IndicatorLine]) -> IndicatorLine:
    """Nulls hand their weight over inside the group, an empty group inside the dimension, an empty one to the other."""
    if one.points is not None:
        return one
    weighed = [other for other in lines if other.points is not None and other.effective_weight > 0]
    for circle in (
        [other for other in weighed if (other.dimension, other.group) == (one.dimension, one.group)],
        [other for other in weighed if other.dimension == one.dimension],
        weighed,
    ):
        if circle:
            taken_by = tuple(other.indicator_id for other in circle)
            return IndicatorLine(**{**vars(one), "taken_by": taken_by})
    return one
