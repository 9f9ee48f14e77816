"""The published tables, made and widened from the candidates that dbt builds.

A candidate's columns, types and comments are the contract (dbt enforces it); publication copies them once and
afterwards only adds. Everything here is additive and takes no lock that a reader waits for: partitions are attached,
not created in place, and a view is replaced only when its columns grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]

CANDIDATES = "candidates"


@dataclass(frozen=True)
class PublishedTable:
    """One candidate's way to the readers.

    `name` holds a row per night (`storage`: `history`, kept for ever, or `recent`, the last two nights), or is replaced
    whole (`replaced`). `view` shows the rows of the night that the pointer names.
    """

    candidate: str
    schema: str
    name: str
    key: tuple[str, ...]
    storage: str
    view: str | None = None
    stamped: bool = False

    @property
    def relation(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


PUBLISHED_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "customer_tier", "published", "customer_tier_history", ("customer_id",), "history", "customer_tier", True
    ),
    PublishedTable(
        "customer_indicator_wide", "published", "customer_indicator_history", ("customer_id",), "history"
    ),
    PublishedTable(
        "customer_indicator", "publication", "customer_indicator", ("customer_id", "indicator_id"), "recent",
        "customer_indicator",
    ),
    PublishedTable(
        "score_change", "publication", "score_change", ("customer_id", "indicator_id"), "recent", "score_change"
    ),
    PublishedTable(
        "churn_reason", "published", "churn_reason_history", ("customer_id", "reason_code"), "history", "churn_reason"
    ),
    PublishedTable("scope_tier", "published", "scope_tier", ("scope", "scope_id", "customer_id"), "history"),
    PublishedTable("tier_summary", "published", "tier_summary", ("scope", "scope_id", "tier"), "history"),
    PublishedTable(
        "churn_track_record", "published", "churn_track_record", ("risk_level", "tier_group"), "history"
    ),
    PublishedTable("tier_transition", "published", "tier_transition", ("from_tier", "to_tier"), "history"),
    PublishedTable(
        "satisfaction_gap", "published", "satisfaction_gap", ("industry", "tier", "attribute"), "replaced"
    ),
    PublishedTable("indicator", "published", "indicator", ("indicator_id",), "replaced"),
    PublishedTable("calibration", "published", "calibration", ("calibration_version",), "replaced"),
    PublishedTable(
        "calibration_weight", "published", "calibration_weight",
        ("calibration_version", "judgement_set", "indicator_id"), "replaced",
    ),
)  # fmt: skip


class PublicationError(Exception):
    """The candidates do not fit what is published; nothing was changed."""


@dataclass(frozen=True)
class TableColumn:
    """A column as the catalogue knows it."""

    name: str
    type: str
    comment: str | None


def columns_of(connection: sa.Connection, schema: str, table: str) -> list[TableColumn]:
    """A relation's columns in order; empty where it does not exist."""
    rows = connection.execute(
        sa.text(
            "select a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)"
            " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
            " join pg_namespace as n on n.oid = c.relnamespace"
            " where n.nspname = :schema and c.relname = :table and a.attnum > 0 and not a.attisdropped"
            " order by a.attnum"
        ),
        {"schema": schema, "table": table},
    )
    return [TableColumn(row[0], row[1], row[2]) for row in rows]


def table_comment(connection: sa.Connection, schema: str, table: str) -> str | None:
    """A relation's own comment."""
    return connection.scalar(
        sa.text("select obj_description(to_regclass(:name), 'pg_class')"),
        {"name": f"{quote(schema)}.{quote(table)}"},
    )


def prepare(connection: sa.Connection, as_of: date) -> None:
    """Make or widen every published table and view, and the month's partitions.

    Raises:
        PublicationError: a candidate is missing, lost a column or changed a type.
    """
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('cvp publication tables'))"))
    for table in PUBLISHED_TABLES:
        wanted = columns_of(connection, CANDIDATES, table.candidate)
        if not wanted:
            raise PublicationError(f"candidate {CANDIDATES}.{table.candidate} does not exist: build layer `published`")
        if table.stamped:
            wanted.append(TableColumn("published_at", "timestamp with time zone", "When this night was published"))
        present = columns_of(connection, table.schema, table.name)
        if present:
            _widen(connection, table, present, wanted)
        else:
            _create(connection, table, wanted)
        _comment(connection, table, wanted, present)
        if table.storage == "history":
            _ensure_partition(connection, table, as_of)
        if table.view:
            _ensure_view(connection, table, wanted)


def _create(connection: sa.Connection, table: PublishedTable, columns: list[TableColumn]) -> None:
    definitions = ", ".join(f"{quote(column.name)} {column.type}" for column in columns)
    key = table.key if table.storage == "replaced" else ("as_of_date", *table.key)
    partitioned = " partition by range (as_of_date)" if table.storage == "history" else ""
    primary_key = ", ".join(quote(name) for name in key)
    connection.execute(
        sa.text(f"create table {table.relation} ({definitions}, primary key ({primary_key})){partitioned}")
    )


def _widen(
    connection: sa.Connection, table: PublishedTable, present: list[TableColumn], wanted: list[TableColumn]
) -> None:
    types = {column.name: column.type for column in present}
    new_types = {column.name: column.type for column in wanted}
    lost = [name for name in types if name not in new_types]
    changed = [name for name, kind in types.items() if new_types.get(name, kind) != kind]
    if lost or changed:
        raise PublicationError(
            f"{table.schema}.{table.name}: published columns are only ever added;"
            f" missing in the candidate: {lost}; type changed: {changed}"
        )
    for column in wanted:
        if column.name not in types:
            connection.execute(sa.text(f"alter table {table.relation} add column {quote(column.name)} {column.type}"))


def _comment(
    connection: sa.Connection, table: PublishedTable, wanted: list[TableColumn], present: list[TableColumn]
) -> None:
    known = {column.name: column.comment for column in present}
    text = table_comment(connection, CANDIDATES, table.candidate)
    if text and text != table_comment(connection, table.schema, table.name):
        _set_comment(connection, f"table {table.relation}", text)
    for column in wanted:
        if column.comment and known.get(column.name) != column.comment:
            _set_comment(connection, f"column {table.relation}.{quote(column.name)}", column.comment)


def _set_comment(connection: sa.Connection, what: str, text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    # `comment on` takes no bound value
    connection.exec_driver_sql(f"comment on {what} is {literal}".replace("%", "%%"))


def _ensure_partition(connection: sa.Connection, table: PublishedTable, as_of: date) -> None:
    first = as_of.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    name = f"{table.name}_{first:%Y_%m}"
    partition = f"publication.{quote(name)}"
    exists = connection.scalar(sa.text("select to_regclass(:name)"), {"name": partition})
    if exists:
        return
    bounds = f"from ('{first}') to ('{following}')"
    # `create table ... partition of` would lock readers out; a table made aside and attached does not.
    connection.execute(sa.text(f"create table {partition} (like {table.relation} including all)"))
    connection.execute(sa.text(f"alter table {table.relation} attach partition {partition} for values {bounds}"))


def _ensure_view(connection: sa.Connection, table: PublishedTable, wanted: list[TableColumn]) -> None:
    if table.view is None:
        return
    present = columns_of(connection, "published", table.view)
    names = [column.name for column in wanted]
    ordered = [column.name for column in present] + [name for name in names if name not in {c.name for c in present}]
    view = f"published.{quote(table.view)}"
    if len(ordered) != len(present):
        selected = ", ".join(f"history.{quote(name)}" for name in ordered)
        connection.execute(
            sa.text(
                f"create or replace view {view} as select {selected} from {table.relation} as history"
                " where history.as_of_date = (select current_night.as_of_date from publication.current_night)"
            )
        )
    text = table_comment(connection, CANDIDATES, table.candidate)
    if text and text != table_comment(connection, "published", table.view):
        _set_comment(connection, f"view {view}", text)
    known = {column.name: column.comment for column in present}
    for column in wanted:
        if column.comment and known.get(column.name) != column.comment:
            _set_comment(connection, f"column {view}.{quote(column.name)}", column.comment)
