"""The scored indicators of any published night: the rows as published while they are kept, else computed again.

The long rows are kept for two nights. For every other night the wide history has the thirty values and the row names
its calibration: the very models that scored it (`MODELS`) are run over them, as dbt compiles them, in temporary tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from pipelines import transform
from pipelines.settings import Settings

COLUMNS = "customer_id, indicator_id, raw_value, points, effective_weight, contribution"
# In their order; each reads the ones before it and the stand-ins for what the night had.
MODELS = ("score_calibration", "score_weight_factor", "score_indicator")
STAND_INS = {
    "stg_night": "past_night",
    "indicator_value": "past_value",
    "customer_judgement_set": "past_judgement_set",
}

NOTHING = "nothing is published yet: run `cvp night`"

_NIGHT = """
    create temporary table past_night on commit drop as
    select max(calibration_version) as calibration_version
    from published.customer_tier_history where as_of_date = :as_of
"""
# As JSON: nights of earlier releases were published without the column, all under the one set of then.
_JUDGEMENT_SETS = """
    create temporary table past_judgement_set on commit drop as
    select customer_id, coalesce(to_jsonb(published) ->> 'judgement_set', 'default') as judgement_set
    from published.customer_tier_history as published where as_of_date = :as_of
"""
_VALUES = """
    create temporary table past_value on commit drop as
    select history.customer_id, indicator.indicator_id, cast(entry.value as numeric) as value
    from published.customer_indicator_history as history
    cross join lateral jsonb_each_text(to_jsonb(history)) as entry (indicator_name, value)
    inner join published.indicator as indicator on entry.indicator_name = indicator.indicator_name
    where history.as_of_date = :as_of and (:is_whole or history.customer_id = any(:customers))
"""


class NotPublished(Exception):
    """No night was published for the date; the message names those that were, next to it."""


def scored_indicators(
    connection: sa.Connection, settings: Settings, as_of: date, customers: Sequence[str] | None = None
) -> str:
    """The SQL of a relation with `COLUMNS`, one row per active customer and indicator of the published night `as_of`.

    `customers`: only these (None: all); the relation may hold more. It lives as long as the transaction. Points and
    contributions computed again agree with the published ones to 1e-9.

    Raises:
        NotPublished: no night of that date was published.
    """
    if _is_kept(connection, as_of):
        return f"(select {COLUMNS} from publication.customer_indicator where as_of_date = date '{as_of}')"
    require_published(connection, as_of)
    models = {model.name: model for model in transform.compile_models(settings, "").models}
    for name in (*STAND_INS.values(), *(f"past_{name}" for name in MODELS)):
        connection.execute(sa.text(f"drop table if exists pg_temp.{name}"))
    chosen = {"is_whole": customers is None, "customers": list(customers or [])}
    connection.execute(sa.text(_NIGHT), {"as_of": as_of})
    connection.execute(sa.text(_JUDGEMENT_SETS), {"as_of": as_of})
    connection.execute(sa.text(_VALUES), {"as_of": as_of} | chosen)
    connection.execute(sa.text("analyze past_value"))
    for name in MODELS:
        select = _over_the_past(models, name)
        connection.exec_driver_sql(f"create temporary table past_{name} on commit drop as\n{select}")
        connection.execute(sa.text(f"analyze past_{name}"))
    return f"(select {COLUMNS} from past_score_indicator)"


def _over_the_past(models: Mapping[str, transform.CompiledModel], name: str) -> str:
    """A model's select with what it reads replaced by the temporary tables; KeyError where one has no stand-in."""
    select = models[name].select
    stand_ins = STAND_INS | {built: f"past_{built}" for built in MODELS}
    for read in models[name].reads:
        written = rf'"[^"]+"\."{models[read].schema}"\."{read}"'
        select = re.sub(written, f"pg_temp.{stand_ins[read]}", select)
    # the driver takes a lone percent sign for a parameter
    return select.replace("%", "%%")


def _is_kept(connection: sa.Connection, as_of: date) -> bool:
    if connection.scalar(sa.text("select to_regclass('publication.customer_indicator')")) is None:
        return False
    held = "select exists (select from publication.customer_indicator where as_of_date = :as_of)"
    return bool(connection.scalar(sa.text(held), {"as_of": as_of}))


def newest_night(connection: sa.Connection) -> date:
    """The newest published night, which the current tables show; NotPublished where there is none."""
    night = connection.scalar(sa.text("select max(as_of_date) from publication.current_night"))
    if night is None:
        raise NotPublished(NOTHING)
    return night


def require_published(connection: sa.Connection, as_of: date) -> None:
    """Raise NotPublished unless a night of that date was published."""
    if connection.scalar(sa.text("select to_regclass('published.tier_summary')")) is None:
        raise NotPublished(NOTHING)
    found = connection.execute(
        sa.text(
            "select max(as_of_date) filter (where as_of_date <= :as_of) as before,"
            " min(as_of_date) filter (where as_of_date >= :as_of) as after from published.tier_summary"
        ),
        {"as_of": as_of},
    ).one()
    if found.before != as_of:
        near = " and ".join(str(day) for day in (found.before, found.after) if day is not None)
        raise NotPublished(f"no night of {as_of} is published; next to it: {near or 'none'}")
