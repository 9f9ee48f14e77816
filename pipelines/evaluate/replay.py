"""Replay: a published night evaluated again from what was known at an instant, and compared with what was published.

The night's own settings, sources, calibration and tiers of the night before; overrides and landed rows as they were
known. At the time of its publication everything must come out equal, unless models or rules have changed since; at a
later instant the differences are those of the rows that came late, and these are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from pipelines import publish, risk, trust
from pipelines.evaluate.aside import Aside, aside
from pipelines.evaluate.landing import LateRow, late_rows
from pipelines.explain.scored import require_published
from pipelines.publish.tables import PUBLISHED_TABLES, PublishedTable, columns_of, quote
from pipelines.settings import Settings
from pipelines.transform.dbt import LAYERS

PURPOSE = "replay"
# what names the run and not the night
VARYING = ("run_id", "published_at")
COMPARED = ("history", "recent")
# It starts from the contributions of the night before, which are kept for two nights and computed again after that
# from values published with eighteen decimals: the method's own tolerance then, to the last bit everywhere else.
STARTS_FROM_RECOMPUTED, TOLERANCE = "score_change", 1e-9

_PUBLISHED = """
    select history.run_id, history.published_at, run.night, run.source_systems
    from published.customer_tier_history as history
    inner join control.run as run using (run_id)
    where history.as_of_date = :as_of limit 1
"""
_BEFORE = """
    select max(as_of_date) from control.run
    where status = 'published' and as_of_date < :as_of and started_at < :published_at
"""
_OVERRIDES = """
    select
        override_id, customer_id, tier, reason, author, starts_on, expires_on, created_at,
        case when ended_at <= :known_at then ended_on end, case when ended_at <= :known_at then ended_at end,
        case when ended_at <= :known_at then ended_by end
    from control.tier_override where created_at <= :known_at
"""


class ReplayRefused(Exception):
    """The night cannot be replayed; the message says why."""


@dataclass(frozen=True)
class Difference:
    """One value that is not what was published; `key` as published, without the date."""

    table: str
    key: tuple[str, ...]
    column: str
    published: Any
    rebuilt: Any


@dataclass(frozen=True)
class Compared:
    """One table of the night: rows on both sides, and the columns that came later (not compared)."""

    table: str
    rows_published: int
    rows_rebuilt: int
    columns_not_compared: tuple[str, ...]


@dataclass(frozen=True)
class Replay:
    """What a replay found. `notes` are reasons for differences other than late rows."""

    as_of_date: date
    run_id: str
    published_at: datetime
    known_at: datetime
    compared: tuple[Compared, ...]
    differences: tuple[Difference, ...]
    late: tuple[LateRow, ...]
    notes: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        return not self.differences

    @property
    def customers(self) -> list[str]:
        """The customers whose published row differs."""
        return sorted({one.key[0] for one in self.differences if one.table == "customer_tier_history"})

    def late_by_customer(self) -> Counter[str]:
        """How many late rows lead to each customer."""
        return Counter(row.customer_id for row in self.late if row.customer_id is not None)


def replay_night(
    settings: Settings, engine: sa.Engine, as_of: date, known_at: datetime | None = None, keep: bool = False
) -> Replay:
    """Replay the published night of a date.

    Args:
        known_at: what was known at this instant; None: at the night's own publication.
        keep: leave the rebuilt tables in the schema `replay_candidates`.

    Raises:
        NotPublished: no night of that date is published.
        ReplayRefused: the instant lies before the night's publication.
        AsideBusy: another replay is at work.
        ArtefactError: the churn model that scored the night is not as it was stored.
    """
    with engine.connect() as connection:
        require_published(connection, as_of)
        night = connection.execute(sa.text(_PUBLISHED), {"as_of": as_of}).one()
        before = connection.scalar(sa.text(_BEFORE), {"as_of": as_of, "published_at": night.published_at})
    instant = known_at or night.published_at
    if instant < night.published_at:
        raise ReplayRefused(
            f"the night of {as_of} was published at {night.published_at}: name that instant or a later one"
        )
    with aside(settings, engine, PURPOSE, instant, keep=["candidates"] if keep else []) as evaluation:
        notes = _tell(evaluation, settings, night, as_of, before, instant)
        _rebuild(evaluation, night.run_id)
        with engine.connect() as connection:
            columns = night.night["columns"] if night.night else None
            compared, differences = _compare(connection, evaluation, as_of, columns)
            late = late_rows(connection, list(night.source_systems), as_of, night.published_at, instant)
    return Replay(
        as_of, night.run_id, night.published_at, instant, tuple(compared), tuple(differences), tuple(late), tuple(notes)
    )


def _tell(
    evaluation: Aside, settings: Settings, night: sa.Row[Any], as_of: date, before: date | None, instant: datetime
) -> list[str]:
    """Give the evaluation what the night was told; what cannot be told any more, in words."""
    notes = []
    if night.night is None:
        notes.append("the night was published before its settings were kept: today's settings are used")
        with evaluation.engine.connect() as connection:
            told = connection.scalar(sa.text("select to_jsonb(night) from control.night"))
        told |= {"as_of_date": as_of, "run_id": night.run_id, "source_systems": list(night.source_systems)}
        evaluation.set_night(told)
    else:
        evaluation.set_night(night.night)
    with evaluation.engine.begin() as connection:
        publish.copy_night(connection, settings, before, evaluation.prefix)
        later = "select max(published_at) from published.customer_tier_history where as_of_date = :before"
        republished = connection.scalar(sa.text(later), {"before": before})
    if republished is not None and republished > night.published_at:
        notes.append(f"the night before, {before}, was published again at {republished}: its tiers may be others now")
    evaluation.replace("control.tier_override", _OVERRIDES, {"known_at": instant})
    return notes


def _rebuild(evaluation: Aside, run_id: str) -> None:
    """The night's steps between extraction and publication, in their order."""
    with evaluation.engine.connect() as connection:
        told = sa.text(f"select churn_model_version from {evaluation.relation('control.night')}")
        model = connection.scalar(told)
    if model is None:
        evaluation.run(layers=[layer for layer in LAYERS[:-1] if layer != "challenger"])
    else:
        before_scoring = LAYERS.index("churn")
        evaluation.run(layers=LAYERS[:before_scoring])
        with evaluation.engine.begin() as connection:
            risk.score_slices(connection, model, evaluation.relation)
        evaluation.run(layers=LAYERS[before_scoring:-1])
    trust.measure_tier_support(evaluation.engine, run_id, evaluation.prefix)
    evaluation.run(layers=LAYERS[-1:])


def _compare(
    connection: sa.Connection, evaluation: Aside, as_of: date, columns: dict[str, list[str]] | None
) -> tuple[list[Compared], list[Difference]]:
    compared: list[Compared] = []
    differences: list[Difference] = []
    for table in PUBLISHED_TABLES:
        if table.storage not in COMPARED or not columns_of(connection, table.schema, table.name):
            continue
        count = sa.text(f"select count(*) from {table.relation} where as_of_date = :as_of")
        published = connection.scalar(count, {"as_of": as_of}) or 0
        is_new = columns is not None and table.candidate not in columns
        if is_new or (not published and table.storage == "recent"):
            continue
        known = None if columns is None else columns.get(table.candidate, [])
        one, found = _compare_table(connection, evaluation, table, as_of, published, known)
        compared.append(one)
        differences += found
    return compared, differences


def _compare_table(
    connection: sa.Connection,
    evaluation: Aside,
    table: PublishedTable,
    as_of: date,
    published: int,
    columns_then: list[str] | None,
) -> tuple[Compared, list[Difference]]:
    candidate = evaluation.relation(f"candidates.{table.candidate}")
    present = {column.name for column in columns_of(connection, table.schema, table.name)}
    schema = f"{evaluation.prefix}candidates"
    names = [one.name for one in columns_of(connection, schema, table.candidate)]
    kept = [name for name in names if name not in VARYING and name in present]
    filled = ", ".join(f"count({quote(name)})" for name in kept)
    night = f"from {table.relation} where as_of_date = :as_of"
    theirs = connection.execute(sa.text(f"select {filled} {night}"), {"as_of": as_of}).one()
    ours = connection.execute(sa.text(f"select {filled} from {candidate}")).one()
    # A column that came later is null in a night that was published before it; a night that did not keep its columns
    # is taken not to have had those that are null in all its rows and are not now.
    if columns_then is not None:
        empty = set(kept) - set(columns_then)
    else:
        counted = zip(kept, list(theirs), list(ours), strict=True)
        empty = {name for name, then, now in counted if then == 0 and bool(now) and published > 0}
    columns = ", ".join(quote(name) for name in kept if name not in empty)
    key = ", ".join(f"coalesce(then_row ->> '{name}', now_row ->> '{name}')" for name in table.key)
    join = " and ".join(f"p.{quote(name)} = r.{quote(name)}" for name in table.key)
    statement = f"""
        with p as (select {columns} {night}), r as (select {columns} from {candidate}),
        paired as (select to_jsonb(p) as then_row, to_jsonb(r) as now_row from p full join r on {join}),
        unlike as (select * from paired where then_row is distinct from now_row)
        select array[{key}] as key, value.key as name,
            then_row -> value.key as published, now_row -> value.key as rebuilt
        from unlike cross join lateral jsonb_each(coalesce(then_row, now_row)) as value
        where (then_row -> value.key) is distinct from (now_row -> value.key)
        order by 1, 2
    """
    found = [
        Difference(table.name, tuple(row.key), row.name, row.published, row.rebuilt)
        for row in connection.execute(sa.text(statement), {"as_of": as_of})
        if not (table.name == STARTS_FROM_RECOMPUTED and _is_near(row.published, row.rebuilt))
    ]
    rebuilt = connection.scalar(sa.text(f"select count(*) from {candidate}")) or 0
    return Compared(table.name, published, rebuilt, tuple(sorted(empty))), found


def _is_near(published: Any, rebuilt: Any) -> bool:
    numbers = isinstance(published, (int, float)) and isinstance(rebuilt, (int, float))
    return numbers and abs(published - rebuilt) <= TOLERANCE


def columns_of_differences(differences: Sequence[Difference]) -> list[tuple[str, str, int]]:
    """(table, column, values that differ), the most first."""
    counted = Counter((one.table, one.column) for one in differences)
    return [(table, column, count) for (table, column), count in counted.most_common()]
