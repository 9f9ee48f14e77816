"""The source of the sequence test: three tables of a database, mirrored row by row, and their mapping file.

Every write goes to the database and to the mirror alike; `Place.rows` is what an extraction that begins now can see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pymysql
import sqlalchemy as sa

Record = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How a source keeps an entity: canonical column -> its column; `bad`: source column -> (value, reason)."""

    entity: str
    table: str
    key: tuple[str, ...]
    columns: dict[str, str]
    types: dict[str, str]
    good: dict[str, tuple[Any, ...]]
    bad: dict[str, tuple[tuple[Any, str], ...]]


CUSTOMER = Shape(
    "customer",
    "customers",
    ("customer_id",),
    {"customer_id": "id", "customer_name": "name", "credit_limit": "credit"},
    {"id": "text", "name": "text", "credit": "text"},
    {
        "name": ("A", "B", "名😀"),
        "credit": (None, "", "10", "10.00", "-0.01", "12345678901234567890.123456789", "1e3"),
    },
    {
        "name": ((None, "customer_name is missing"), ("", "customer_name is missing")),
        "credit": (("abc", "credit_limit is no number"), ("NaN", "credit_limit is no number")),
    },
)
ORDER = Shape(
    "sales_order",
    "orders",
    ("order_id",),
    {"order_id": "id", "customer_id": "customer", "ordered_on": "day", "is_cancelled": "state"},
    {"id": "text", "customer": "text", "day": "text", "state": "text"},
    {"customer": ("K1", "K2"), "day": ("2024-01-31", "2023-06-30"), "state": ("C", "", None)},
    {
        "customer": ((None, "customer_id is missing"),),
        "day": ((None, "ordered_on is missing"), ("2024-02-30", "ordered_on is no date")),
        "state": (("Z", "is_cancelled: code is not in the mapping"),),
    },
)
LINE = Shape(
    "sales_order_line",
    "order_lines",
    ("order_id", "line_number"),
    {"order_id": "id", "line_number": "n", "product_id": "product", "quantity": "qty", "unit_price": "price"},
    {"id": "text", "n": "integer", "product": "text", "qty": "numeric(12, 3)", "price": "numeric(18, 6)"},
    {"product": ("P", "Q"), "qty": ("1.000", "2.500"), "price": ("0.000000", "19.900000", "999999999999.999999")},
    {
        "product": ((None, "product_id is missing"),),
        "qty": (
            (None, "quantity is missing"), ("0.000", "quantity must be above 0"), ("NaN", "quantity is no number"),
        ),
        "price": (("-0.000001", "unit_price must be at least 0"), ("NaN", "unit_price is no number")),
    },
)  # fmt: skip
SHAPES = {shape.entity: shape for shape in (CUSTOMER, ORDER, LINE)}
OWN_COLUMNS = {"gone": "text", "changed": "timestamp", "touched": "timestamp", "seq": "bigint"}
# The column `touched` tells the same changes by another clock.
TOUCHED_LATER = timedelta(hours=5)
OVERLAP_IDS = 2
RECONCILED = 3


@dataclass(frozen=True)
class Reading:
    """What a mapping file says. `modes`: of each entity, how its changes and deletions show."""

    modes: tuple[tuple[str, str], ...]
    zone: str = "UTC"
    prefix: str = ""
    overlap_minutes: int = 60
    marker: str = "changed"
    has_credit: bool = True
    knows_z: bool = False
    may_be_absent: bool = False
    key_is_expression: bool = False
    kind: str = "postgres"

    def mode(self, entity: str) -> str:
        return dict(self.modes)[entity]

    def with_mode(self, entity: str, mode: str) -> Reading:
        return replace(self, modes=tuple({**dict(self.modes), entity: mode}.items()))

    def by(self, entity: str) -> str | None:
        """The marker's column; None: everything is pulled."""
        mode = self.mode(entity)
        return {"id": "seq", "id_flag": "seq", "whole": None, "whole_flag": None}.get(mode, self.marker)

    def can_ask(self, entity: str) -> bool:
        """Whether a pull by marker can ask for keys set aside: SQLite looks at all its rows, others at columns."""
        return self.kind == "sqlite" or not self.key_is_expression or entity == "sales_order_line"

    def reads_flag(self, entity: str) -> bool:
        return self.mode(entity).endswith("flag")

    def fingerprint(self, entity: str) -> tuple[Any, ...]:
        """All of it that decides how a row of the entity is read."""
        of_entity = {"customer": self.has_credit, "sales_order": self.knows_z}.get(entity)
        return (self.mode(entity), self.by(entity), self.zone, self.prefix, self.key_is_expression, of_entity)


MODES = {
    "flag": "change_marker: {{column: {marker}, overlap_minutes: {overlap}}}\n"
    "    deletion: {{flag: gone, values: [X]}}",
    "reconcile": "change_marker: {{column: {marker}, overlap_minutes: {overlap}}}\n"
    "    deletion: {{reconcile_every_nights: {nights}}}",
    "reconcile_flag": "change_marker: {{column: {marker}, overlap_minutes: {overlap}}}\n"
    "    deletion: {{flag: gone, values: [X], reconcile_every_nights: {nights}}}",
    "none": "change_marker: {{column: {marker}, overlap_minutes: {overlap}}}\n    deletion: none",
    "id": "change_marker: {{column: seq, type: id, overlap_ids: {ids}}}",
    "id_flag": "change_marker: {{column: seq, type: id, overlap_ids: {ids}}}\n"
    "    deletion: {{flag: gone, values: any}}",
    "whole": "absent_columns: error",
    "whole_flag": "deletion: {{flag: gone, values: [X]}}",
}


@dataclass
class Row:
    """A row of the mirror; `number` tells two with the same content apart."""

    number: int
    values: Record


class MariadbConnection(pymysql.connections.Connection):
    """Spoken to as the other two drivers' connections are."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> pymysql.cursors.Cursor:
        cursor = self.cursor()
        cursor.execute(sql, values or None)
        return cursor


def _connection(kind: str, location: str) -> Any:
    """One whose statements are each a transaction, until `begin`."""
    if kind == "postgres":
        return psycopg.connect(location, autocommit=True)
    if kind == "mysql":
        url = sa.make_url(location)
        return MariadbConnection(
            host=url.host, port=url.port, user=url.username, password=url.password, database=url.database,
            charset="utf8mb4", autocommit=True,
        )  # fmt: skip
    connection = sqlite3.connect(location, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = off"):
        connection.execute(f"pragma {pragma}")
    return connection


@dataclass
class Place:
    """A database that holds one source's tables, with a connection that writes and one whose transaction waits."""

    kind: str
    location: str
    suffix: str = ""
    rows: dict[str, list[Row]] = field(default_factory=dict)
    waiting: list[tuple[str, Record]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    _writer: Any = None
    _late: Any = None
    _last: int = 0

    def open(self) -> None:
        self._writer, self._late = (_connection(self.kind, self.location) for _ in range(2))
        for shape in SHAPES.values():
            types = shape.types | OWN_COLUMNS | {"number": "integer"}
            declared = ", ".join(f"{name} {self._declared(kind)}" for name, kind in types.items())
            self._writer.execute(f"drop table if exists {self.table(shape)}")
            # A write waits for every row that it looks at, where it looks for its own without a key.
            self._writer.execute(f"create table {self.table(shape)} ({declared}, primary key (number))")
            self.rows[shape.entity] = []

    def close(self) -> None:
        for connection in (self._late, self._writer):
            if connection is not None:
                connection.close()

    def _declared(self, kind: str) -> str:
        """Of PostgreSQL's types; SQLite keeps each value as it is given."""
        return {"postgres": kind, "mysql": kind.replace("timestamp", "datetime(6)")}.get(self.kind, "")

    def clear(self) -> None:
        if self.waiting:
            self._late.execute("rollback")
            self.waiting = []
        for entity in sorted(self.hidden):
            self.hide_or_show(entity)
        for shape in SHAPES.values():
            self._writer.execute(f"delete from {self.table(shape)}")
            self.rows[shape.entity] = []

    def table(self, shape: Shape) -> str:
        return shape.table + self.suffix + ("_hidden" if shape.entity in self.hidden else "")

    def insert(self, entity: str, values: Record) -> None:
        self._before_writing()
        values = self._possible(entity, values)
        self.rows[entity].append(Row(self._insert(self._writer, entity, values), values))

    def update(self, entity: str, row: Row, values: Record) -> None:
        self._before_writing()
        values = self._possible(entity, values)
        assigned = ", ".join(f"{name} = {self._mark}" for name in values)
        sql = f"update {self.table(SHAPES[entity])} set {assigned} where number = {self._mark}"
        self._writer.execute(sql, [*map(self._stored, values.values()), row.number])
        row.values = row.values | values

    def delete(self, entity: str, rows: Sequence[Row]) -> None:
        self._before_writing()
        for row in rows:
            self._writer.execute(f"delete from {self.table(SHAPES[entity])} where number = {row.number}")
        self.rows[entity] = [row for row in self.rows[entity] if row not in rows]

    def insert_late(self, entity: str, values: Record) -> None:
        """In a transaction that stays open until `commit`."""
        values = self._possible(entity, values)
        if not self.waiting:
            self._late.execute("begin")
        self._insert(self._late, entity, values)
        self.waiting.append((entity, values | {"number": self._last}))

    def commit(self) -> None:
        if self.waiting:
            self._late.execute("commit")
            for entity, values in self.waiting:
                number = values.pop("number")
                self.rows[entity].append(Row(number, values))
            self.waiting = []

    def hide_or_show(self, entity: str) -> None:
        """Take a table away, or bring it back as it was."""
        self.commit()
        before = self.table(SHAPES[entity])
        self.hidden ^= {entity}
        self._writer.execute(f"alter table {before} rename to {self.table(SHAPES[entity])}")

    def visible(self, entity: str) -> list[Row] | None:
        """The rows that an extraction can see now; None: there is no such table."""
        return None if entity in self.hidden else list(self.rows[entity])

    def stored(self, entity: str) -> list[tuple[Any, ...]]:
        """The numbers and texts of a table's rows as the database has them, beside those of the mirror."""
        shape = SHAPES[entity]
        names = ["number", *shape.types, *OWN_COLUMNS]
        found = self._writer.execute(f"select {', '.join(names)} from {self.table(shape)} order by number").fetchall()
        mirrored = [
            (row.number, *(self._stored(row.values.get(name)) for name in names[1:])) for row in self.rows[entity]
        ]
        return [
            (*map(_text, have), *map(_text, should)) for have, should in zip(found, sorted(mirrored), strict=True)
            if list(map(_text, have)) != list(map(_text, should))
        ]  # fmt: skip

    def _before_writing(self) -> None:
        # SQLite has one writer at a time.
        if self.kind == "sqlite":
            self.commit()

    def _insert(self, connection: Any, entity: str, values: Record) -> int:
        self._last += 1
        given = values | {"number": self._last}
        marks = ", ".join([self._mark] * len(given))
        sql = f"insert into {self.table(SHAPES[entity])} ({', '.join(given)}) values ({marks})"
        connection.execute(sql, list(map(self._stored, given.values())))
        return self._last

    @property
    def _mark(self) -> str:
        return "?" if self.kind == "sqlite" else "%s"

    def _possible(self, entity: str, values: Record) -> Record:
        """The same, but for what no column of a MariaDB can hold: that is another fault of the column there."""
        if self.kind != "mysql":
            return values
        shape = SHAPES[entity]
        bad = {column: next(value for value, _ in shape.bad[column] if value != "NaN") for column in shape.bad}
        is_number = {column for column, kind in shape.types.items() if kind.startswith("numeric")}
        return {name: bad[name] if value == "NaN" and name in is_number else value for name, value in values.items()}

    def _stored(self, value: Any) -> Any:
        if isinstance(value, datetime) and self.kind == "sqlite":
            return value.isoformat(" ", "microseconds")
        return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def mapping_text(reading: Reading, suffix: str) -> str:
    """The mapping file's text after source_system and description."""
    lines = [f"kind: {reading.kind}", f"time_zone: {reading.zone}"]
    if reading.prefix:
        lines.append(f'id_prefix: "{reading.prefix}"')
    lines.append("entities:")
    for entity, mode in reading.modes:
        shape = SHAPES[entity]
        said = MODES[mode].format(
            marker=reading.marker, overlap=reading.overlap_minutes, nights=RECONCILED, ids=OVERLAP_IDS
        )
        lines += [f"  {entity}:", f"    table: {shape.table}{suffix}", f"    {said}"]
        lines += [f"    absent: {'allowed' if reading.may_be_absent else 'error'}", "    columns:"]
        lines += [f"      {name}: {_origin(reading, name, column)}" for name, column in _mapped(reading, shape)]
    return "\n".join(lines) + "\n"


def _mapped(reading: Reading, shape: Shape) -> Iterator[tuple[str, str]]:
    for name, column in shape.columns.items():
        if name != "credit_limit" or reading.has_credit:
            yield name, column


def _origin(reading: Reading, name: str, column: str) -> str:
    if column == "id" and reading.key_is_expression:
        return "{expression: \"id || ''\"}"
    if name != "is_cancelled":
        return column
    more = ', Z: "false"' if reading.knows_z else ""
    return f'{{column: {column}, codes: {{C: "true", "": "false"{more}}}}}'


def local(instant: datetime, zone: str) -> datetime:
    """The source's wall clock at an instant."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant_of(clock: datetime | None, zone: str) -> datetime | None:
    return None if clock is None else clock.replace(tzinfo=ZoneInfo(zone))
