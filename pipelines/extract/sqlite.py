"""A SQLite file as a source.

SQLite's own text of a REAL has fifteen digits, so a stored double would arrive changed; here it gets as many of
fifteen to seventeen as bring it back exactly. A column may hold any type in any row: all of it arrives as text.

SQLite works in the engine's own thread, and takes as long for a row as the checks do. So a connection of its own reads
it, a few blocks ahead of the one that checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.extract.engine import BLOCK_ROWS, load_extension, quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import Access, Relation, Source, tail_of
from pipelines.extract.streams import ahead
from pipelines.sources.mapping import EntityMapping, Mapping

TABLE = "sqlite_rows"


def file_of(location: str) -> Path:
    """The file of a location, which may be written as a `sqlite:///` URL."""
    return Path(location.removeprefix("sqlite:///")).expanduser()


class SqliteSource(Source):
    """A SQLite file, read by `sqlite_query`; a mapping's query is SQLite's own SQL."""

    unchecked_text = True
    has_snapshots = True

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine.cursor(), mapping, access)
        self._checking = engine
        self._expected: Sequence[Relation] = ()
        file = file_of(access.location)
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file}: mend this source's location in the settings")
        load_extension(engine, "sqlite_scanner")
        engine.execute("set sqlite_all_varchar = true")
        engine.execute(f"attach {quote_text(str(file))} as source (type sqlite, read_only)")

    def _query(self, sql: str) -> str:
        return f"select * from sqlite_query('source', {quote_text(sql)})"

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        if entity.table is not None:
            tables = "select name from sqlite_master where type in ('table', 'view')"
            found = f"{tables} and name = {quote_text(entity.table)}"
            if not self.engine.execute(self._query(found)).fetchall():
                raise AbsentRelation(f"table {entity.table}")
        return self._describe(self._query(f"select * from {_from(entity)} limit 0"))

    def close(self) -> None:
        super().close()
        self.engine.close()

    def expect(self, relations: Sequence[Relation]) -> None:
        self._expected = relations

    def select(self, relation: Relation) -> str:
        query = self._query(_texts(relation))
        if not any(relation is one for one in self._expected):
            return query
        schema = pa.schema([(name, pa.string()) for name in relation.columns])
        return self._stream(self._checking, TABLE, schema, ahead(self._blocks(query)))

    def _blocks(self, query: str) -> Iterator[pa.RecordBatch]:
        yield from self.engine.execute(query).to_arrow_reader(BLOCK_ROWS)

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        if entity.table is None:
            return None
        name = quote_text(entity.table)
        first = "select i.name from pragma_index_list({0}) as l, pragma_index_info(l.name) as i where i.seqno = 0"
        rows = self.engine.execute(
            self._query(first.format(name) + f" union all select name from pragma_table_info({name}) where pk = 1")
        )
        return column.lower() in [str(row[0]).lower() for row in rows.fetchall()]


def _from(entity: EntityMapping) -> str:
    return quote_name(entity.table) if entity.table is not None else f"({entity.query}\n) as delivered"


def _texts(relation: Relation) -> str:
    """A select of the columns' texts.

    SQLite makes the same text twice where it is named twice, and that is what costs; a select within, which an offset
    keeps from being merged with the one around it, makes it once.
    """
    pairs = [
        f"{quote_name(name)} as v{place}, cast({quote_name(name)} as text) as t{place}"
        for place, name in enumerate(relation.columns)
    ]
    where = f" where ({relation.entity.where}\n)" if relation.entity.where else ""
    # SQLite sorts nulls below everything.
    tail = tail_of(relation.sample, nulls_last="") or " limit -1"
    within = f"select {', '.join(pairs)} from {_from(relation.entity)}{where}{tail} offset 0"
    texts = ", ".join(f"{_text(place)} as {quote_name(name)}" for place, name in enumerate(relation.columns))
    return f"select {texts} from ({within})"


def _text(place: int) -> str:
    value, text = f"v{place}", f"t{place}"
    sixteen, seventeen = (f"printf('%!.{digits}g', {value})" for digits in (16, 17))
    exact = f"when cast({text} as real) = {value} then {text} when cast({sixteen} as real) = {value} then {sixteen}"
    return f"case typeof({value}) when 'real' then case {exact} else {seventeen} end else {text} end"
