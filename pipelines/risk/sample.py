"""Customer-slices as arrays: what was known of each customer at each closed slice, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of challenger.challenger_feature, in the order of an artefact's weights.
FEATURES = (
    "silence", "rhythm", "trend", "log_order_count", "log_orders_90d", "log_orders_180d", "log_tenure_days",
    "interval_change", "order_trend", "half_year_volume_share", "year_volume_share", "complaints_90d",
    "complaints_365d", "open_complaints", "severe_180d", "on_time_rate_90d", "on_time_rate_365d", "log_contacts_90d",
    "contact_trend",
)  # fmt: skip
# the models that a sample is read from
MODELS = ("challenger_feature", "churn_record", "churn_outlook")
# as for the table of cells (rules.churn_parameter)
SLICES_AT_MOST, SLICES_AT_LEAST, CUSTOMER_SLICES_AT_LEAST = 12, 3, 200

ROWS_A_PART = 50_000
LONGEST_GROUP = "U9"  # important

Relation = Callable[[str], str]
"""`churn.churn_record` -> its name where it stands (aside or not), quoted."""


@dataclass(frozen=True)
class Sample:
    """One element a customer-slice.

    `slice`: 1 the latest closed one; `snapshot`: its date as an ordinal; `customer`: 0, 1, ...; `features`:
    (customer-slices, FEATURES), NaN unknown; `cells`: the table's probability, NaN where it had none; `margin` and
    `group`: as on record, 0 and "" where it had none; `base_rate` of the slices closed before.
    """

    slice: Ints
    snapshot: Ints
    customer: Ints
    churned: NDArray[np.bool_]
    silent_days: Floats
    features: Floats
    cells: Floats
    base_rate: Floats
    margin: Floats
    group: NDArray[np.str_]

    def where(self, chosen: NDArray[np.bool_]) -> Sample:
        """The customer-slices that are chosen."""
        return Sample(**{name: values[chosen] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Levels:
    """How many times the base rate's odds a level begins at."""

    high: float
    medium: float

    def reached(self, probability: Floats, base_rate: Floats, times: float) -> NDArray[np.bool_]:
        """Whether the odds are at least so many times the base rate's; nobody where nobody left before."""
        odds = probability * (1 - base_rate) >= times * base_rate * (1 - probability)
        return np.asarray(odds & (base_rate > 0))

    def flagged(self, probability: Floats, base_rate: Floats) -> NDArray[np.bool_]:
        """Whether the level is high or medium."""
        return self.reached(probability, base_rate, self.medium)


_SAMPLE = """
    select
        feature.slice, feature.snapshot_on, feature.customer_id, feature.is_churned,
        cast(feature.days_since_order as double precision) as silent_days,
        {features},
        cast(record.probability as double precision) as cells, cast(base.rate as double precision) as base_rate,
        cast(record.margin_12m as double precision) as margin, record.tier_group
    from {feature} as feature
    left join {record} as record on feature.slice = record.slice and feature.customer_id = record.customer_id
    left join (select slice, max(base_rate) as rate from {outlook} group by slice) as base on feature.slice = base.slice
    where feature.slice > 0
    order by feature.slice, feature.customer_id
"""


def read_sample(connection: sa.Connection, relation: Relation) -> Sample:
    """All closed slices of an evaluation, a part at a time: a row of arrays needs a tenth of a row of objects."""
    statement = _SAMPLE.format(
        features=feature_columns("feature"), feature=relation("challenger.challenger_feature"),
        record=relation("churn.churn_record"), outlook=relation("churn.churn_outlook"),
    )  # fmt: skip
    rows = connection.execute(sa.text(statement), execution_options={"stream_results": True})
    numbers: dict[str, int] = {}
    parts = [_part(list(zip(*part, strict=True)), numbers) for part in rows.partitions(ROWS_A_PART)]
    if not parts:
        parts = [_part([()] * (9 + len(FEATURES)), numbers)]
    joined = Sample(*(np.concatenate([vars(part)[name] for part in parts]) for name in Sample.__dataclass_fields__))
    # numbered in the order of their ids, whoever comes first
    places = np.empty(len(numbers), dtype=np.int64)
    places[[numbers[name] for name in sorted(numbers)]] = np.arange(len(numbers))
    return replace(joined, customer=places[joined.customer])


def _part(columns: list[tuple[Any, ...]], numbers: dict[str, int]) -> Sample:
    """Rows as columns of the select; a customer that is new gets the next number."""
    head, tail = columns[:5], columns[5 + len(FEATURES) :]
    return Sample(
        slice=np.array(head[0], dtype=np.int64),
        snapshot=np.array([day.toordinal() for day in head[1]], dtype=np.int64),
        customer=np.array([numbers.setdefault(name, len(numbers)) for name in head[2]], dtype=np.int64),
        churned=np.array(head[3], dtype=bool),
        silent_days=_floats(head[4]),
        features=np.column_stack([_floats(values) for values in columns[5 : 5 + len(FEATURES)]]),
        cells=_floats(tail[0]),
        base_rate=_floats(tail[1]),
        margin=np.nan_to_num(_floats(tail[2])),
        group=np.array([name or "" for name in tail[3]], dtype=LONGEST_GROUP),
    )


def feature_columns(alias: str) -> str:
    """The features as a select list of doubles, in order."""
    return ", ".join(f"cast({alias}.{name} as double precision) as {name}" for name in FEATURES)


def _floats(values: tuple[Any, ...]) -> Floats:
    # numpy takes None for NaN here
    return np.array(values, dtype=np.float64)


@dataclass(frozen=True)
class Fold:
    """Slices to try a model on, and the slices whose outcome was known before the oldest of them."""

    tried: tuple[int, ...]
    learnt: tuple[int, ...]


def folds(sample: Sample, horizon_days: int, size: int) -> list[Fold]:
    """The recorded slices, newest first, in groups of at most `size`, as far as there is enough to learn from."""
    dates = {int(one): int(day) for one, day in zip(sample.slice, sample.snapshot, strict=True)}
    recorded = sorted({int(one) for one in sample.slice[~np.isnan(sample.cells)]})
    found = []
    while recorded:
        tried = recorded[:size]
        # fewer are tried where their own past is too short
        while tried and not _is_enough(sample, learnt := _closed_before(dates, dates[tried[-1]], horizon_days)):
            tried = tried[:-1]
        if not tried:
            break
        found.append(Fold(tuple(tried), tuple(learnt)))
        recorded = recorded[len(tried) :]
    return found


def _closed_before(dates: Mapping[int, int], day: int, horizon_days: int) -> list[int]:
    return sorted(one for one, snapshot in dates.items() if snapshot + horizon_days <= day)[:SLICES_AT_MOST]


def _is_enough(sample: Sample, slices: list[int]) -> bool:
    churned = sample.churned[np.isin(sample.slice, slices)]
    both = 0 < int(churned.sum()) < len(churned)
    return len(slices) >= SLICES_AT_LEAST and len(churned) >= CUSTOMER_SLICES_AT_LEAST and both


def window_of(sample: Sample, slices: tuple[int, ...]) -> tuple[date, date]:
    """First and last snapshot date of some slices."""
    days = sample.snapshot[np.isin(sample.slice, slices)]
    return date.fromordinal(int(days.min())), date.fromordinal(int(days.max()))


def known_from(last_snapshot_on: date, horizon_days: int) -> date:
    """The day on which everything that was learnt from a slice is known."""
    return last_snapshot_on + timedelta(days=horizon_days)
