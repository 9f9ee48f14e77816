"""What a calibration takes from the population: reference points of each indicator, medians of the two scores.

Computed in the warehouse over the active customers of the evaluated date (`indicators.indicator_value` holds one row
per active customer and indicator). The rules are those of the method's section on calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from pipelines.indicators import Indicator

LOW_PERCENTILE = 0.05
HIGH_PERCENTILE = 0.95
# where one value is held by so many tenths of the customers, percentiles say nothing of the others
SINGLE_VALUE_TENTHS = 9
SAME = 1e-12


@dataclass(frozen=True)
class ReferencePoints:
    """`s` in the indicator's unit (None where linear); `lo`, `hi` of transformed values, None where nobody had one."""

    s: float | None
    lo: float | None
    hi: float | None


_REFERENCE_POINTS = sa.text("""
    -- one row per indicator that anybody has a value of
    with value as (
        select
            registered.indicator_id,
            registered.scale,
            cast(indicator_value.value as double precision) as x
        from indicators.indicator_value
        inner join unnest(cast(:ids as text[]), cast(:scales as text[])) as registered (indicator_id, scale)
            on indicator_value.indicator_id = registered.indicator_id
        where indicator_value.value is not null
    ),

    size as (
        select
            indicator_id,
            coalesce(percentile_cont(0.5) within group (order by abs(x)) filter (where x <> 0), 1) as s
        from value
        group by indicator_id
    ),

    transformed as (
        select
            value.indicator_id,
            size.s,
            case value.scale when 'asinh' then asinh(value.x / size.s) else value.x end as t
        from value
        inner join size on value.indicator_id = size.indicator_id
    ),

    spread as (
        select
            indicator_id,
            min(s) as s,
            count(*) as customers,
            percentile_cont(:low) within group (order by t) as low,
            percentile_cont(:high) within group (order by t) as high,
            min(t) as least,
            max(t) as most
        from transformed
        group by indicator_id
    ),

    held as (
        select
            indicator_id,
            max(customers) as customers_of_one_value
        from (select indicator_id, t, count(*) as customers from transformed group by indicator_id, t) as counted
        group by indicator_id
    )

    select
        spread.indicator_id,
        spread.s,
        case when narrow.is_narrow then spread.least else spread.low end as lo,
        case when narrow.is_narrow then spread.most else spread.high end as hi
    from spread
    inner join held on spread.indicator_id = held.indicator_id
    cross join lateral (
        select
            spread.high - spread.low <= :same
            or held.customers_of_one_value * 10 >= spread.customers * :tenths as is_narrow
    ) as narrow
""")

_MEDIANS = sa.text("""
    select
        percentile_cont(0.5) within group (order by current_value_score) as current_score,
        percentile_cont(0.5) within group (order by potential_value_score) as potential_score
    from scores.score_customer
""")


def reference_points(connection: sa.Connection, indicators: Sequence[Indicator]) -> dict[str, ReferencePoints]:
    """Indicator id -> its reference points in tonight's population; every indicator has an entry."""
    rows = connection.execute(
        _REFERENCE_POINTS,
        {
            "ids": [one.indicator_id for one in indicators],
            "scales": [one.scale for one in indicators],
            "low": LOW_PERCENTILE,
            "high": HIGH_PERCENTILE,
            "same": SAME,
            "tenths": SINGLE_VALUE_TENTHS,
        },
    ).mappings()
    found = {row["indicator_id"]: row for row in rows}
    return {one.indicator_id: _points(one, found.get(one.indicator_id)) for one in indicators}


def _points(indicator: Indicator, row: sa.RowMapping | None) -> ReferencePoints:
    is_linear = indicator.scale == "linear"
    if row is None:
        return ReferencePoints(None if is_linear else 1.0, None, None)
    return ReferencePoints(None if is_linear else row["s"], row["lo"], row["hi"])


def active_customers(connection: sa.Connection) -> int:
    """Size of tonight's population."""
    return int(connection.scalar(sa.text("select count(*) from intermediate.int_customer_window")) or 0)


def score_medians(connection: sa.Connection) -> tuple[float | None, float | None]:
    """Medians of the current and the potential score of tonight's population, 0 to 100."""
    row = connection.execute(_MEDIANS).one()
    return row.current_score, row.potential_score
