"""PostgreSQL as a source.

A column is cast to text at the source unless its type is one of `native_types`: DuckDB's scanner turns an
unconstrained numeric into DOUBLE and any numeric's NaN into 0, silently. Whole numbers, booleans and dates arrive as
they are, an infinite date or instant as infinity (it is Python that would read the year 9999). One statement is one
snapshot, in a read-only transaction.
"""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb
import sqlalchemy as sa

from pipelines.extract.clock_shifts import wall_clock_from
from pipelines.extract.engine import load_extension, quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import TYPED, Access, Relation, Since, Source, split_name, tail_of, with_wanted
from pipelines.sources.mapping import EntityMapping, Mapping

# Text forms that do not depend on the server's or the role's settings; a dead peer is noticed within two minutes. The
# server itself ends what outlives every patience of ours.
SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO,YMD",
    "extra_float_digits": "1",
    "default_transaction_read_only": "on",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "60min",
}
CONNECTION = {
    "connect_timeout": "15",
    "application_name": "cvp-extract",
    "client_encoding": "UTF8",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "tcp_user_timeout": "120000",
}


def connection_string(location: str, statement_seconds: int = 0) -> str:
    """The URL as libpq key/value pairs, each value quoted, so that any password arrives as it is."""
    url = sa.make_url(location)
    given: dict[str, object] = {
        "host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database,
    }  # fmt: skip
    session = SESSION | {"statement_timeout": f"{statement_seconds}s"}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    given |= CONNECTION | {name: value for name, value in url.query.items() if name != "options"}
    given["options"] = f"{url.query.get('options', '')} {options}".strip()
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in given.items() if value is not None)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class PostgresSource(Source):
    """A PostgreSQL database, read by `postgres_query`."""

    has_snapshots = True
    native_types = TYPED

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        load_extension(engine, "postgres_scanner")
        place = connection_string(access.location, access.statement_seconds)
        engine.execute(f"attach {quote_text(place)} as source (type postgres, read_only)")
        encoding = self._rows("select current_setting('server_encoding')")[0][0]
        self.unchecked_text = encoding == "SQL_ASCII"
        self._takes_any_text = encoding in ("UTF8", "SQL_ASCII")

    def _query(self, sql: str) -> str:
        return f"select * from postgres_query('source', {quote_text(sql)})"

    def _rows(self, sql: str) -> list[tuple[str, ...]]:
        return self.engine.execute(self._query(sql)).fetchall()

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        if entity.table is not None:
            found = self._rows(f"select to_regclass({quote_text(_table(entity.table))})::text")
            if found[0][0] is None:
                raise AbsentRelation(f"table {entity.table}")
        return self._describe(self._query(f"select * from {_from(entity)} limit 0"))

    def select(self, relation: Relation) -> str:
        columns = ", ".join(
            quote_name(name) if name in relation.native else f"{quote_name(name)}::text as {quote_name(name)}"
            for name in relation.columns
        )
        sql = f"select {columns} from {_from(relation.entity)}"
        conditions = [f"({relation.entity.where}\n)"] if relation.entity.where else []
        if relation.since is not None:
            windows = _since(relation.since, relation.types, self.zone)
            conditions += [with_wanted(window, relation, self._among) for window in windows]
        if conditions:
            sql += " where " + " and ".join(conditions)
        return self._query(sql + tail_of(relation.sample))

    def asked_types(self, entity: EntityMapping) -> tuple[str, ...]:
        return ("VARCHAR", "UUID", "DATE", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "DOUBLE")

    def _among(self, column: str, column_type: str, values: Sequence[str]) -> str:
        """In the column's own type. Many types arrive as text; an index on text serves its cast to text as well."""
        name, literals = quote_name(column), list(values)
        if column_type == "VARCHAR" and not self._takes_any_text and not "".join(values).isascii():
            # The server may not have these letters: it would refuse the whole statement.
            name, literals = f"convert_to({name}::text, 'UTF8')", [f"'\\x{value.encode().hex()}'" for value in values]
        elif column_type == "VARCHAR":
            name, literals = f"{name}::text", [_literal(value) for value in values]
        elif column_type in ("UUID", "DATE"):
            literals = [f"{column_type.lower()} '{value}'" for value in values]
        return f"{name} in ({', '.join(literals)})"

    def count(self, entity: EntityMapping) -> int:
        where = f" where ({entity.where}\n)" if entity.where else ""
        return int(self._rows(f"select count(*)::text from {_from(entity)}{where}")[0][0])

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        if entity.table is None:
            return None
        table, name = quote_text(_table(entity.table)), quote_text(column)
        indexed = (
            "select exists (select from pg_index as i join pg_attribute as a on a.attrelid = i.indrelid"
            " and a.attnum = i.indkey[0] where i.indisvalid and i.indpred is null"
            f" and i.indrelid = {table}::regclass and a.attname = {name})::text"
        )
        is_table = f"select relkind::text from pg_class where oid = {table}::regclass"
        return self._rows(indexed)[0][0] == "true" if self._rows(is_table)[0][0] in ("r", "p", "m") else None

    def clock(self) -> datetime:
        return datetime.fromisoformat(self._rows("select now()::text")[0][0]).astimezone(UTC)


def _table(name: str) -> str:
    return ".".join(quote_name(part) for part in split_name(name))


def _from(entity: EntityMapping) -> str:
    return _table(entity.table) if entity.table is not None else f"({entity.query}\n) as delivered"


def _literal(text: str) -> str:
    """A text, whatever the server's settings say of backslashes."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _since(since: Since, types: Names[str, str], zone: str) -> list[str]:
    """The start of an incremental pull in the marker column's own type, so that an index on it serves."""
    name = quote_name(since.column)
    column_type = types[since.column]
    literal = None
    if since.number is not None:
        is_number = column_type.split("(")[0] in ("SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "DOUBLE")
        literal = str(since.number) if is_number else None
    elif since.instant is not None and column_type == "TIMESTAMP WITH TIME ZONE":
        literal = f"timestamptz '{since.instant.astimezone(UTC).isoformat()}'"
    elif since.instant is not None and column_type in ("TIMESTAMP", "DATE"):
        local = wall_clock_from(since.instant, zone)
        literal = f"timestamp '{local.isoformat()}'" if column_type == "TIMESTAMP" else f"date '{local.date()}'"
    return [f"({name} >= {literal} or {name} is null)"] if literal else []
