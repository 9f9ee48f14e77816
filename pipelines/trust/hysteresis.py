"""What hysteresis does: how often tiers change, and how many of the changes are taken back, with it and without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from pipelines.evaluate.aside import aside
from pipelines.settings import Settings

PURPOSE = "measurement"
REVERSED_WITHIN_DAYS = 30
PUBLISHED = "published.customer_tier_history"
TIER_COLUMNS = {"without": "tier_raw", "with": "tier_computed"}

# A change is between two successive evaluated nights in both of which the customer is active. It is taken back where
# the customer has its old tier again on a night at most 30 days later; changes of the last 30 days are not judged.
_FLICKER = """
    with evaluated as (
        select as_of_date, row_number() over (order by as_of_date) as place, max(as_of_date) over () as last_date
        from (select distinct as_of_date from {relation} where as_of_date between :first and :last) as dates
    ),
    held as (
        select night.customer_id, night.as_of_date, evaluated.place, evaluated.last_date, night.{tier} as tier
        from {relation} as night inner join evaluated using (as_of_date)
        where night.is_active
    ),
    step as (
        select held.*,
            lag(tier) over own as tier_before, lag(place) over own as place_before,
            lag(as_of_date) over own as date_before
        from held window own as (partition by customer_id order by as_of_date)
    ),
    compared as (select * from step where place_before = place - 1),
    -- a join of its own: two years of nights hold a million rows
    reversed as (
        select distinct changed.customer_id, changed.as_of_date
        from compared as changed
        inner join held as later on changed.customer_id = later.customer_id and changed.tier_before = later.tier
        where changed.tier <> changed.tier_before
            and later.as_of_date > changed.as_of_date and later.as_of_date <= changed.as_of_date + :within
    ),
    judged as (
        select compared.*, compared.tier <> compared.tier_before as is_change,
            compared.as_of_date + :within <= compared.last_date as is_judged,
            reversed.customer_id is not null as is_reversed
        from compared left join reversed using (customer_id, as_of_date)
    )
    select
        count(*) filter (where is_change) as changes,
        coalesce(sum(as_of_date - date_before), 0) / 365.25 as customer_years,
        count(*) filter (where is_change and is_judged) as judged,
        count(*) filter (where is_change and is_judged and is_reversed) as reversed
    from judged
"""
_KEEP = """
    insert into {kept} (as_of_date, customer_id, is_active, tier_raw, tier_computed)
    select :as_of, tiered.customer_id, customer.is_active, tiered.tier_raw, tiered.tier_computed
    from {tiered} as tiered inner join {customer} as customer using (customer_id)
"""
_BEFORE = """
    select customer_id, as_of_date, tier_computed, tier_computed, as_of_date, cast(null as double precision)
    from {kept} where as_of_date = :as_of
"""


class NothingToMeasure(Exception):
    """There are no two nights to compare; the message says what to do."""


@dataclass(frozen=True)
class Flicker:
    """Tier changes of active customers between successive nights; `judged` have 30 days of nights after them."""

    changes: int
    customer_years: float
    judged: int
    reversed: int

    @property
    def per_customer_year(self) -> float:
        return self.changes / self.customer_years

    @property
    def reversed_share(self) -> float | None:
        """0 to 1; None where no change can be judged."""
        return self.reversed / self.judged if self.judged else None


@dataclass(frozen=True)
class Effect:
    """The same nights without hysteresis (`tier_raw`) and with it (`tier_computed`)."""

    first: date
    last: date
    nights: int
    flicker: dict[str, Flicker]


def measure(connection: sa.Connection, relation: str, first: date, last: date) -> Effect:
    """The effect over the nights of a relation (as_of_date, customer_id, is_active, tier_raw, tier_computed).

    Raises:
        NothingToMeasure: it holds fewer than two nights in the range.
    """
    values = {"first": first, "last": last}
    found = connection.execute(
        sa.text(
            "select min(as_of_date) as first, max(as_of_date) as last, count(distinct as_of_date) as nights"
            f" from {relation} where as_of_date between :first and :last"
        ),
        values,
    ).one()
    if found.nights < 2:
        raise NothingToMeasure(f"{found.nights} nights between {first} and {last}: two are needed to see a change")
    flicker = {}
    for name, tier in TIER_COLUMNS.items():
        statement = sa.text(_FLICKER.format(relation=relation, tier=tier))
        row = connection.execute(statement, values | {"within": REVERSED_WITHIN_DAYS}).one()
        flicker[name] = Flicker(row.changes, float(row.customer_years), row.judged, row.reversed)
    return Effect(found.first, found.last, found.nights, flicker)


def measure_published(engine: sa.Engine, first: date = date.min, last: date = date.max) -> Effect:
    """The effect over the published nights; raises as `measure`."""
    with engine.connect() as connection:
        if connection.scalar(sa.text("select to_regclass(:name)"), {"name": PUBLISHED}) is None:
            raise NothingToMeasure("nothing is published yet: run `cvp night`")
        return measure(connection, PUBLISHED, first, last)


def measure_evaluated(
    settings: Settings, engine: sa.Engine, first: date, last: date, every: int, progress: Callable[[date], object]
) -> Effect:
    """The effect over every `every`-th date, each evaluated aside from what is landed now under the newest night's
    settings and calibration, after the tiers of the date evaluated before it. Nothing is published.

    Raises:
        NothingToMeasure: no night was run yet, or the range holds fewer than two dates.
        AsideBusy: another measurement is at work.
    """
    with engine.connect() as connection:
        night = connection.scalar(sa.text("select to_jsonb(night) from control.night"))
    if night is None or night["calibration_version"] is None:
        raise NothingToMeasure("no night was run yet, so there is no calibration to evaluate with: run `cvp night`")
    with aside(settings, engine, PURPOSE) as evaluation:
        names = {
            "kept": evaluation.relation("control.tier_night"),
            "tiered": evaluation.relation("tiers.tier_customer"),
        }
        names["customer"] = evaluation.relation("intermediate.int_customer")
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    f"create table {names['kept']} (as_of_date date, customer_id text, is_active boolean,"
                    " tier_raw text, tier_computed text)"
                )
            )
        before, day = date.min, first
        while day <= last:
            progress(day)
            evaluation.set_night(night | {"as_of_date": day})
            evaluation.replace("control.previous_night", _BEFORE.format(**names), {"as_of": before})
            evaluation.run(for_models=["tier_customer"])
            with engine.begin() as connection:
                connection.execute(sa.text(_KEEP.format(**names)), {"as_of": day})
            before, day = day, day + timedelta(days=every)
        with engine.connect() as connection:
            connection.execute(sa.text(f"analyze {names['kept']}"))
            return measure(connection, names["kept"], first, last)
