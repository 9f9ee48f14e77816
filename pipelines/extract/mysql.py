"""MySQL or MariaDB as a source: every column is cast to text at the source, instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import sqlalchemy as sa

from pipelines.extract.engine import load_extension, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import Relation, Since, Source, split_name, tail_of
from pipelines.sources.mapping import EntityMapping, Mapping

INSTANT = "TIMESTAMP WITH TIME ZONE"


class MysqlSource(Source):
    """A MySQL or MariaDB database, read by `mysql_query`."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, location: str, zone: str) -> None:
        super().__init__(engine, mapping, location, zone)
        load_extension(engine, "mysql_scanner")
        engine.execute("set mysql_session_time_zone = '+00:00'")
        engine.execute("set mysql_query_timeout_enabled = false")
        engine.execute(f"attach {quote_text(connection_string(location))} as source (type mysql, read_only)")
        self._types: dict[str, str] = {}

    def _query(self, sql: str) -> str:
        return f"select * from mysql_query('source', {quote_text(sql)})"

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """What a select at the source gives."""
        return self.engine.execute(self._query(sql)).fetchall()

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        try:
            self._types = self._describe(self._query(f"select * from {_from(entity)} limit 0"))
        except duckdb.Error as error:
            if entity.table is not None and "doesn't exist" in str(error):
                raise AbsentRelation(f"table {entity.table}") from error
            raise
        if entity.table is not None:
            self._types |= dict.fromkeys(self._instants(entity.table), INSTANT)
        return self._types

    def _instants(self, table: str) -> list[str]:
        """The columns of type TIMESTAMP, which the scanner does not tell from DATETIME."""
        schema, name = _place(table)
        found = self.rows(
            "select column_name from information_schema.columns where data_type = 'timestamp'"
            f" and table_schema = {schema} and table_name = {name}"
        )
        return [row[0] for row in found]

    def select(self, relation: Relation) -> str:
        columns = ", ".join(f"{self._text(name)} as {_quoted(name)}" for name in relation.columns)
        sql = f"select {columns} from {_from(relation.entity)}"
        conditions = [f"({relation.entity.where}\n)"] if relation.entity.where else []
        if relation.since is not None:
            conditions += self._since(relation.since)
        if conditions:
            sql += " where " + " and ".join(conditions)
        # MySQL sorts nulls below everything.
        return self._query(sql + tail_of(relation.sample, _quoted, nulls_last=""))

    def count(self, entity: EntityMapping) -> int:
        where = f" where ({entity.where}\n)" if entity.where else ""
        return int(self.rows(f"select cast(count(*) as char) as n from {_from(entity)}{where}")[0][0])

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        if entity.table is None:
            return None
        schema, name = _place(entity.table)
        found = self.rows(
            "select cast(count(*) as char) as n from information_schema.statistics where seq_in_index = 1"
            f" and table_schema = {schema} and table_name = {name} and column_name = {quote_text(column)}"
        )
        return found[0][0] != "0"

    def clock(self) -> datetime:
        text = self.rows("select cast(utc_timestamp(6) as char) as utc")[0][0]
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    def _text(self, column: str) -> str:
        name = _quoted(column)
        if self._types[column] == INSTANT:
            return f"concat(cast({name} as char), '+00:00')"
        if self._types[column] in ("BOOLEAN", "BIT"):
            return f"cast({name} + 0 as char)"
        return f"cast({name} as char)"

    def _since(self, since: Since) -> list[str]:
        name = _quoted(since.column)
        column_type = self._types[since.column]
        literal = None
        if since.number is not None and column_type.split("(")[0] not in ("VARCHAR", "BLOB"):
            literal = str(since.number)
        elif since.instant is not None and column_type.startswith(("TIMESTAMP", "DATE")):
            zone = UTC if column_type == INSTANT else ZoneInfo(self.zone)
            literal = f"'{since.instant.astimezone(zone):%Y-%m-%d %H:%M:%S.%f}'"
        return [f"({name} >= {literal} or {name} is null)"] if literal else []


def connection_string(location: str) -> str:
    """The URL as the scanner's key/value pairs."""
    url = sa.make_url(location)
    given = {
        "host": url.host, "port": url.port, "user": url.username, "passwd": url.password, "db": url.database,
    }  # fmt: skip
    return " ".join(f'{name}="{_escaped(str(value))}"' for name, value in given.items() if value is not None)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _place(table: str) -> tuple[str, str]:
    """Schema and name of a table, as SQL for information_schema."""
    *schema, name = split_name(table)
    return quote_text(schema[0]) if schema else "database()", quote_text(name)


def _from(entity: EntityMapping) -> str:
    if entity.table is not None:
        return ".".join(_quoted(part) for part in split_name(entity.table))
    return f"({entity.query}\n) as delivered"
