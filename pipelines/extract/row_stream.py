"""Any other SQLAlchemy dialect as a source: rows streamed through Python, a block at a time.

Slower by several times than the scanners; for databases that DuckDB does not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from pipelines.extract.engine import BLOCK_ROWS
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import Access, Relation, Source, split_name
from pipelines.sources.mapping import EntityMapping, Mapping

VIEW = "streamed"
# What MySQL's drivers call the type of a FLOAT column (`FIELD_TYPE.FLOAT` of its protocol).
MYSQL_FLOAT = 4
# The isolation level at which a transaction sees one state from beginning to end, where the default's does not. Others
# read statement by statement: SQL Server's needs a database option, its REPEATABLE READ would lock what it reads.
SNAPSHOT_LEVELS = {
    "postgresql": "REPEATABLE READ",
    "mysql": "REPEATABLE READ",
    "mariadb": "REPEATABLE READ",
    "oracle": "SERIALIZABLE",
}
# What a session is told before anything is asked: to read only, and how long a statement may run.
READ_ONLY = {
    "postgresql": "set default_transaction_read_only = on",
    "mysql": "set session transaction read only",
    "mariadb": "set session transaction read only",
    "sqlite": "pragma query_only = on",
}
TIME_LIMIT = {
    "postgresql": "set statement_timeout = '{seconds}s'",
    "mysql": "set session max_execution_time = {seconds}000",
    "mariadb": "set session max_statement_time = {seconds}",
}


class RowStreamSource(Source):
    """A database that SQLAlchemy has a dialect for."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        self._database = sa.create_engine(access.location)
        sa.event.listen(self._database, "connect", self._restrict)
        self._seconds = access.statement_seconds
        self._connection = self._database.connect()

    def _restrict(self, connection: Any, _: object) -> None:
        """Tell a new session of the driver what it may do."""
        name = self._database.dialect.name
        cursor = connection.cursor()
        if name == "mysql":
            # A MariaDB reached by a URL of MySQL knows MariaDB's settings only.
            cursor.execute("select version()")
            name = "mariadb" if "mariadb" in str(cursor.fetchone()).lower() else name
        told = [READ_ONLY[name]] if name in READ_ONLY else []
        if self._seconds and name in TIME_LIMIT:
            told.append(TIME_LIMIT[name].format(seconds=self._seconds))
        for statement in told:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    def begin(self) -> None:
        name = self._database.dialect.name
        if name in SNAPSHOT_LEVELS:
            self._connection = self._connection.execution_options(isolation_level=SNAPSHOT_LEVELS[name])
        if name == "sqlite":
            # Its driver begins a transaction before a change only.
            self._connection.exec_driver_sql("begin")

    def end(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()
        self._database.dispose()

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        if entity.table is not None:
            *schema, table = split_name(entity.table)
            if not sa.inspect(self._connection).has_table(table, schema=schema[0] if schema else None):
                raise AbsentRelation(f"table {entity.table}")
        with self._connection.execute(self._statement(entity, (), empty=True)) as result:
            given = [column[1] for column in result.cursor.description]
            is_mysql = self._database.dialect.name in ("mysql", "mariadb")
            return {
                name: "FLOAT" if is_mysql and kind == MYSQL_FLOAT else "VARCHAR"
                for name, kind in zip(result.keys(), given, strict=True)
            }

    def select(self, relation: Relation) -> str:
        floats = [name for name in relation.columns if relation.types[name] == "FLOAT"]
        statement = self._statement(relation.entity, relation.columns, floats=floats)
        if relation.sample is not None and relation.sample.newest_by is not None:
            statement = statement.order_by(sa.column(relation.sample.newest_by).desc())
        if relation.sample is not None:
            statement = statement.limit(relation.sample.rows)
        schema = pa.schema([(name, pa.string()) for name in relation.columns])
        return self._stream(self.engine, VIEW, schema, self._blocks(statement, schema, floats))

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        if entity.table is None:
            return None
        *schema, table = split_name(entity.table)
        with self._database.connect() as connection:
            inspector = sa.inspect(connection)
            indexes = inspector.get_indexes(table, schema=schema[0] if schema else None)
            key = inspector.get_pk_constraint(table, schema=schema[0] if schema else None)
        found = [index["column_names"][:1] for index in indexes] + [key["constrained_columns"][:1]]
        return [column] in found

    def _statement(
        self, entity: EntityMapping, columns: Sequence[str], empty: bool = False, floats: Sequence[str] = ()
    ) -> sa.Select[Any]:
        names: list[sa.ColumnElement[Any]] = [
            # As a double: MySQL's own text of a FLOAT has six digits.
            (sa.column(name) + sa.literal_column("0e0")).label(name) if name in floats else sa.column(name)
            for name in columns
        ] or [sa.literal_column("*")]
        if entity.table is not None:
            *schema, table = split_name(entity.table)
            origin: sa.FromClause = sa.table(table, schema=schema[0] if schema else None)
        else:
            origin = _as_it_is(entity.query or "").columns().subquery("delivered")
        statement = sa.select(*names).select_from(origin)
        if entity.where:
            statement = statement.where(_as_it_is(f"({entity.where}\n)"))
        return statement.where(sa.text("1 = 0")) if empty else statement

    def _blocks(self, statement: sa.Select[Any], schema: pa.Schema, floats: Sequence[str]) -> Iterator[pa.RecordBatch]:
        readers = [_single if name in floats else _text for name in schema.names]
        options = {"stream_results": True, "max_row_buffer": BLOCK_ROWS}
        for block in self._connection.execute(statement, execution_options=options).partitions(BLOCK_ROWS):
            columns = zip(readers, zip(*block, strict=True), strict=True)
            texts = [pa.array([read(value) for value in column], pa.string()) for read, column in columns]
            yield pa.RecordBatch.from_arrays(texts, schema=schema)


def _as_it_is(sql: str) -> sa.TextClause:
    """A mapping's SQL, in which a colon is a colon and no parameter."""
    return sa.text(sql.replace(":", "\\:"))


def _single(value: float | None) -> str | None:
    """A number of single precision that comes as a double, by the shortest text that is its own."""
    return None if value is None else _text(float(str(np.float32(value))))


def _text(value: object) -> str | None:
    """A driver's value as text: exact decimals, shortest doubles, ISO instants."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ") if value.tzinfo else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)
