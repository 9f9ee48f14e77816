"""What a calibration takes from the population: reference points of each indicator, medians of the two scores.

Computed in the warehouse over the active customers of the evaluated date (`indicators.indicator_value` holds one row
per active customer and indicator). The rules are those of the method's section on calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from pipelines.indicators import Indicator

Array = NDArray[np.float64]

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


_REFERENCE_POINTS = """
    -- one row per indicator that anybody has a value of
    with value as (
        select
            registered.indicator_id,
            registered.scale,
            cast(indicator_value.value as double precision) as x
        from {prefix}indicators.indicator_value
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
"""

_MEDIANS = """
    select
        percentile_cont(0.5) within group (order by current_value_score) as current_score,
        percentile_cont(0.5) within group (order by potential_value_score) as potential_score
    from {prefix}scores.score_customer
"""
_POINTS = """
    select array_agg(points order by indicator_id collate "C") as points
    from {prefix}scores.score_indicator
    group by customer_id
"""


def reference_points(
    connection: sa.Connection, indicators: Sequence[Indicator], prefix: str = ""
) -> dict[str, ReferencePoints]:
    """Indicator id -> its reference points in the evaluated population; every indicator has an entry.

    `prefix`, here and below, is that of an evaluation aside.
    """
    rows = connection.execute(
        sa.text(_REFERENCE_POINTS.format(prefix=prefix)),
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


def active_customers(connection: sa.Connection, prefix: str = "") -> int:
    """Size of the evaluated population."""
    return int(connection.scalar(sa.text(f"select count(*) from {prefix}intermediate.int_customer_window")) or 0)


def score_medians(connection: sa.Connection, prefix: str = "") -> tuple[float | None, float | None]:
    """Medians of the current and the potential score of the evaluated population, 0 to 100."""
    row = connection.execute(sa.text(_MEDIANS.format(prefix=prefix))).one()
    return row.current_score, row.potential_score


def points(connection: sa.Connection, indicators: Sequence[Indicator], prefix: str = "") -> dict[str, Array]:
    """Indicator id -> its points (0 to 100) per active customer, NaN where a customer has none; one order for all."""
    rows = connection.scalars(sa.text(_POINTS.format(prefix=prefix))).all()
    matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(indicators))
    ids = sorted(one.indicator_id for one in indicators)
    return {indicator_id: matrix[:, position] for position, indicator_id in enumerate(ids)}
