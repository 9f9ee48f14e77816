"""MySQL or MariaDB as a source: every column is cast to text at the source, instants in UTC.

The scanner streams a statement's rows over a connection of that statement's own, so that there is no transaction
of several. One statement sees one state of the database: all entities are read by one `union all`, whose parts arrive
one after the other, and Python hands each part to its entity's pull.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from pipelines.extract.clock_shifts import wall_clock_from
from pipelines.extract.engine import BLOCK_ROWS, load_extension, quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import (
    WHOLE_TYPES,
    Access,
    Relation,
    Since,
    Source,
    split_name,
    tail_of,
    text_of,
    with_wanted,
)
from pipelines.sources.mapping import EntityMapping, Mapping

INSTANT = "TIMESTAMP WITH TIME ZONE"
# The scanner would compress what is sent, which costs the server three times the work of reading the rows.
CONNECTION = {"compress": "0"}
# What else of a URL's query the scanner takes; a driver's own options mean nothing to it.
OPTIONS = (
    "compress",
    "ssl_mode",
    "ssl_ca",
    "ssl_capath",
    "ssl_cert",
    "ssl_cipher",
    "ssl_crl",
    "ssl_crlpath",
    "ssl_key",
)
# How bytes that are no UTF-8 are read.
IN_HEX = re.compile("0x((?:[0-9A-F]{2})+)")
PART = "part"


class MysqlSource(Source):
    """A MySQL or MariaDB database, read by `mysql_query`."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        load_extension(engine, "mysql_scanner")
        # Two connections to the engine: one streams the statement while the other works on what arrives.
        self._streaming = engine.cursor()
        for connection in (engine, self._streaming):
            connection.execute("set mysql_session_time_zone = '+00:00'")
            connection.execute("set mysql_query_timeout_enabled = false")
        engine.execute(f"attach {quote_text(connection_string(access.location))} as source (type mysql, read_only)")
        self._limits = "", ""
        self._limits = self._statement_limits(access.statement_seconds)
        self._parts: list[Relation] = []
        self._arriving: Iterator[tuple[int, pa.RecordBatch]] = iter(())
        self._ahead: tuple[int, pa.RecordBatch] | None = None

    def _statement_limits(self, seconds: int) -> tuple[str, str]:
        """What goes before a select, and into its beginning, so that it only reads, and for so many seconds (0: any).

        MySQL can say the second for one statement, MariaDB both.
        """
        if "mariadb" in self.rows("select version() as version")[0][0].lower():
            return f"set statement tx_read_only=1, max_statement_time={seconds} for ", ""
        return "", f" /*+ max_execution_time({seconds * 1000}) */"

    def _query(self, sql: str) -> str:
        before, hint = self._limits
        limited = before + sql.replace("select", f"select{hint}", 1)
        return f"select * from mysql_query('source', {quote_text(limited)})"

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """What a select at the source gives, all of it text: names of MySQL's own tables come as bytes."""
        found = self.engine.execute(self._query(sql)).fetchall()
        return [tuple(value.decode() if isinstance(value, bytes) else value for value in row) for row in found]

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        try:
            types = self._describe(self._query(f"select * from {_from(entity)} limit 0"))
        except duckdb.Error as error:
            if entity.table is not None and "doesn't exist" in str(error):
                raise AbsentRelation(f"table {entity.table}") from error
            raise
        types |= dict.fromkeys(self._characters(entity, types), "VARCHAR")
        if entity.table is not None:
            types |= self._untold(entity.table)
        return types

    def _characters(self, entity: EntityMapping, types: dict[str, str]) -> list[str]:
        """The columns of text among those that the scanner takes for bytes, since they are compared byte by byte."""
        likely = [name for name, given in types.items() if given == "BLOB"]
        if not likely:
            return []
        asked = ", ".join(f"charset(n.{_quoted(name)}) as c{place}" for place, name in enumerate(likely))
        no_row = f"select * from {_from(entity)} limit 0"
        ((*sets,),) = self.rows(f"select {asked} from (select 1 as one) as o left join ({no_row}) as n on true")
        return [name for name, found in zip(likely, sets, strict=True) if found != "binary"]

    def _untold(self, table: str) -> dict[str, str]:
        """The columns that the scanner does not tell from others: TIMESTAMP from DATETIME, several bits from bytes."""
        schema, name = _place(table)
        found = self.rows(
            f"select column_name, if(data_type = 'bit', 'BIT', '{INSTANT}') as type from information_schema.columns"
            " where (data_type = 'timestamp' or (data_type = 'bit' and column_type <> 'bit(1)'))"
            f" and table_schema = {schema} and table_name = {name}"
        )
        return {row[0]: row[1] for row in found}

    def expect(self, relations: Sequence[Relation]) -> None:
        if not relations:
            return
        width = max(len(relation.columns) for relation in relations)
        parts = [
            self._sql(relation, [f"{number} as part", *self._fields(relation, width)])
            for number, relation in enumerate(relations)
        ]
        fields = ", ".join(f"f{place}" for place in range(width))
        stream = f"select cast(part as bigint), {fields} from ({self._query(' union all '.join(parts))})"
        self._parts = list(relations)
        self._arriving = _by_part(self._streaming.execute(stream).to_arrow_reader(BLOCK_ROWS))
        self._ahead = next(self._arriving, None)

    def select(self, relation: Relation) -> str:
        number = next((place for place, part in enumerate(self._parts) if part is relation), None)
        if number is None:
            named = zip(self._texts(relation), relation.columns, strict=True)
            asked = self._query(self._sql(relation, [f"{text} as {_quoted(name)}" for text, name in named]))
            return _with_floats(asked, relation)
        schema = pa.schema([(name, pa.string()) for name in relation.columns])
        return _with_floats(self._stream(self.engine, PART, schema, self._blocks(number, schema)), relation)

    def _texts(self, relation: Relation) -> list[str]:
        return [self._text(name, relation.types[name]) for name in relation.columns]

    def _fields(self, relation: Relation, width: int) -> list[str]:
        """A part's columns; those that others have and it has not are null."""
        texts = self._texts(relation)
        return [f"{text} as f{place}" for place, text in enumerate(texts + ["null"] * (width - len(texts)))]

    def _sql(self, relation: Relation, columns: Sequence[str]) -> str:
        sql = f"select {', '.join(columns)} from {_from(relation.entity)}"
        conditions = [f"({relation.entity.where}\n)"] if relation.entity.where else []
        if relation.since is not None:
            windows = self._since(relation.since, relation.types[relation.since.column])
            conditions += [with_wanted(window, relation, _among) for window in windows]
        if conditions:
            sql += " where " + " and ".join(conditions)
        # MySQL sorts nulls below everything.
        return sql + tail_of(relation.sample, _quoted, nulls_last="")

    def _blocks(self, number: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        while self._ahead is not None and self._ahead[0] == number:
            block = self._ahead[1]
            yield pa.RecordBatch.from_arrays(block.columns[1 : len(schema) + 1], schema=schema)
            self._ahead = next(self._arriving, None)

    def asked_types(self, entity: EntityMapping) -> tuple[str, ...]:
        # The text of a double does not always lead back to it.
        return ("VARCHAR", "BLOB", "DATE", *WHOLE_TYPES, "DECIMAL")

    def count(self, entity: EntityMapping) -> int:
        where = f" where ({entity.where}\n)" if entity.where else ""
        return int(self.rows(f"select cast(count(*) as char) as n from {_from(entity)}{where}")[0][0])

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        if entity.table is None:
            return None
        schema, name = _place(entity.table)
        found = self.rows(
            "select cast(count(*) as char) as n from information_schema.statistics where seq_in_index = 1"
            f" and table_schema = {schema} and table_name = {name} and column_name = {_text_literal(column)}"
        )
        return found[0][0] != "0"

    def clock(self) -> datetime:
        text = self.rows("select cast(utc_timestamp(6) as char) as utc")[0][0]
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    def _text(self, column: str, column_type: str) -> str:
        name = _quoted(column)
        if column_type == INSTANT:
            return f"concat(cast({name} as char), '+00:00')"
        if column_type in ("BOOLEAN", "BIT"):
            return f"cast({name} + 0 as char)"
        if column_type == "BLOB":
            # What is no UTF-8 comes in hexadecimal, as of a DuckDB file: the server would make `?` or null of it.
            text = f"cast({name} as char)"
            return f"case when cast({text} as binary) = {name} then {text} else concat('0x', hex({name})) end"
        if column_type == "FLOAT":
            # Its own text has six digits; as a double it keeps them all.
            return f"cast({name} + 0e0 as char)"
        return f"cast({name} as char)"

    def _since(self, since: Since, column_type: str) -> list[str]:
        name = _quoted(since.column)
        literal = None
        if since.number is not None and column_type.split("(")[0] not in ("VARCHAR", "BLOB"):
            literal = str(since.number)
        elif since.instant is not None and column_type.startswith(("TIMESTAMP", "DATE")):
            zone = "UTC" if column_type == INSTANT else self.zone
            literal = f"'{wall_clock_from(since.instant, zone):%Y-%m-%d %H:%M:%S.%f}'"
        return [f"({name} >= {literal} or {name} is null)"] if literal else []


def _with_floats(select: str, relation: Relation) -> str:
    """A FLOAT comes as the text of a double, and gets the shortest one that is its own."""
    floats = [name for name in relation.columns if relation.types[name] == "FLOAT"]
    if not floats:
        return select
    typed = ", ".join(f"cast({quote_name(name)} as float) as {quote_name(name)}" for name in floats)
    texts = ", ".join(f"{text_of(name, 'FLOAT')} as {quote_name(name)}" for name in floats)
    return f"select * replace ({texts}) from (select * replace ({typed}) from ({select}))"


def _by_part(reader: pa.RecordBatchReader) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The stream's blocks, cut where one part ends and the next begins."""
    for block in reader:
        marks = block.column(0)
        parts = np.frombuffer(marks.buffers()[1], np.int64)[marks.offset : marks.offset + len(marks)]
        cuts = [0, *(np.flatnonzero(parts[1:] != parts[:-1]) + 1), len(parts)]
        for start, end in zip(cuts, cuts[1:], strict=False):
            if end > start:
                yield int(parts[start]), block.slice(start, end - start)


def connection_string(location: str) -> str:
    """The URL as the scanner's key/value pairs."""
    url = sa.make_url(location)
    given: dict[str, object] = {
        "host": url.host, "port": url.port, "user": url.username, "passwd": url.password, "db": url.database,
    }  # fmt: skip
    given |= CONNECTION | {name: value for name, value in url.query.items() if name in OPTIONS}
    return " ".join(f'{name}="{_escaped(str(value))}"' for name, value in given.items() if value is not None)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _among(column: str, column_type: str, values: Sequence[str]) -> str:
    """In the column's own type; texts and bytes by their bytes, whatever the server's mode says of backslashes."""
    name = _quoted(column)
    if column_type == "VARCHAR" and not "".join(values).isascii():
        # The column's characters may not hold them: the server would refuse the whole statement.
        name = f"convert({name} using utf8mb4)"
    literals: Iterable[str] = values
    if column_type == "VARCHAR":
        literals = map(_text_literal, values)
    elif column_type == "DATE":
        literals = (f"date '{value}'" for value in values)
    elif column_type == "BLOB":
        spelt = [match[1] for match in map(IN_HEX.fullmatch, values) if match]
        literals = (f"x'{digits}'" for digits in [*spelt, *(value.encode().hex() for value in values)])
    return f"{name} in ({', '.join(literals)})"


def _place(table: str) -> tuple[str, str]:
    """Schema and name of a table, as SQL for information_schema."""
    *schema, name = split_name(table)
    return _text_literal(schema[0]) if schema else "database()", _text_literal(name)


def _text_literal(text: str) -> str:
    """A text by its bytes, whatever the server's mode says of backslashes."""
    return f"_utf8mb4 x'{text.encode().hex()}'"


def _from(entity: EntityMapping) -> str:
    if entity.table is not None:
        return ".".join(_quoted(part) for part in split_name(entity.table))
    return f"({entity.query}\n) as delivered"
