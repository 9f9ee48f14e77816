"""One source system, opened for reading: what each kind of source must be able to say and do."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from pipelines.extract.engine import quote_name
from pipelines.sources.mapping import EntityMapping
from pipelines.sources.mapping import Mapping as SourceMapping

# What DuckDB gives in these types is what file or database holds; a decimal stays text until it lands.
TYPED = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
)


WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
NUMBER_TYPES = (*WHOLE_TYPES, "DECIMAL", "DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Since:
    """Where an incremental pull starts: rows whose marker is null or not before this."""

    column: str
    instant: datetime | None = None
    number: int | None = None


@dataclass(frozen=True)
class Sample:
    """At most so many rows: any, or those with the highest values of a column."""

    rows: int
    newest_by: str | None = None


@dataclass(frozen=True)
class Relation:
    """What is to be read of an entity: source columns, from where on, of what types, and whether a sample will do.

    All columns are wanted as text but those in `native`, which are wanted in their own type. With `since`, rows that
    have one of the `wanted` values in each of its columns are to be read too, whatever their marker.
    """

    entity: EntityMapping
    columns: Sequence[str]
    since: Since | None
    types: Mapping[str, str]
    sample: Sample | None = None
    native: frozenset[str] = frozenset()
    wanted: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Access:
    """How a source is reached: its place, the zone of its timestamps without one, the longest that a statement may run
    there (0: no limit), and the headers of requests to an API.
    """

    location: str
    zone: str
    statement_seconds: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


class Source(ABC):
    """An opened source system. Every method may raise duckdb.Error, OSError or ValueError; the caller names the entity.

    An extraction calls `begin`, `columns` of every entity, `expect`, `select` and `set_aside` entity by entity, `end`:
    what it reads is of one moment, as far as the kind of source allows that. Without `begin` each call is for itself.
    `unchecked_text` is True where texts may hold bytes that are no UTF-8; `has_snapshots` where a transaction of the
    engine is one of the source, which sees the same state from its first statement to its last. `native_types` are the
    types (the engine's names) of which a value arrives exactly as it is, without a way over text.
    """

    unchecked_text = False
    has_snapshots = False
    native_types: frozenset[str] = frozenset()

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: SourceMapping, access: Access) -> None:
        self.engine = engine
        self.mapping = mapping
        self.location = access.location
        self.zone = access.zone
        # To be called whenever something has come, also what no row is made of yet.
        self.heard: Callable[[], None] = lambda: None
        self._is_begun = False
        self._raised: BaseException | None = None

    def begin(self) -> None:
        """From here on the source is read as it is now."""
        if self.has_snapshots:
            self.engine.execute("begin")
            self._is_begun = True

    def expect(self, relations: Sequence[Relation]) -> None:  # noqa: B027 - one kind needs it
        """Told before the first `select`: all that is going to be read, in its order."""

    def end(self) -> None:
        """Everything is read; what `begin` holds at the source is given back."""
        if self._is_begun:
            self._is_begun = False
            self.engine.execute("rollback")

    def close(self) -> None:
        """Let go of the source; the last call, whatever happened before."""
        # The engine would do it at its own end, where a lost connection aborts the whole process.
        with suppress(duckdb.Error):
            Source.end(self)

    @abstractmethod
    def columns(self, entity: EntityMapping) -> dict[str, str]:
        """The columns of the entity's table or query: name -> DuckDB type, before the cast to text.

        Raises:
            AbsentRelation: there is no such table or file.
        """

    @abstractmethod
    def select(self, relation: Relation) -> str:
        """DuckDB SQL that gives these columns under their own names, as text but for the native ones, a row per row.

        A source may apply `since` itself, to read less, and then reads what is `wanted` beside it; more may come than
        was asked for: the caller applies both to what comes.
        """

    def asked_types(self, entity: EntityMapping) -> Collection[str] | None:
        """The types (the engine's names, without digits) of columns by which a source that applies `since` can be asked
        for what is `wanted`; None where it does not apply `since` and looks at all its rows.
        """
        return None

    def count(self, entity: EntityMapping) -> int:
        """The rows of the entity's table or query; `columns` was called before."""
        types = self.columns(entity)
        select = self.select(Relation(entity, list(types)[:1], None, types))
        return int(self.engine.execute(f"select count(*) from ({select})").fetchall()[0][0])

    def is_empty(self, relation: Relation) -> bool:
        """Whether the relation has no row at all, wherever it would start."""
        one = replace(relation, since=None, sample=Sample(1))
        return self.engine.execute(f"select count(*) from ({self.select(one)})").fetchall() == [(0,)]

    def has_index(self, entity: EntityMapping, column: str) -> bool | None:
        """Whether an index of the table begins with the column; None where that means nothing or is unknown."""
        return None

    def clock(self) -> datetime:
        """The source's own time."""
        return datetime.now(UTC)

    def set_aside(self) -> list[tuple[str, str, str]]:
        """After a read: records that the source could not make rows of, as (place, reason, record)."""
        return []

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Around what reads a `select`: what broke a stream of ours comes out as it was, Ctrl-C too.

        The engine would make an error of its own of it, with Python's traceback for a text.
        """
        try:
            yield
        except duckdb.Error as error:
            if self._raised is not None:
                raise self._raised from error
            raise

    def _stream(
        self, engine: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, blocks: Iterator[pa.RecordBatch]
    ) -> str:
        """Blocks made in Python, as a relation of the engine that can be read once; SQL that reads it."""

        def watched() -> Iterator[pa.RecordBatch]:
            try:
                yield from blocks
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                self._raised = error
                raise

        reader = pa.RecordBatchReader.from_batches(schema, watched())
        # As a bare stream: for pyarrow's own reader the engine imports pandas, a second and 60 MB.
        engine.register(name, reader.__arrow_c_stream__())
        return f"select * from {quote_name(name)}"

    def _describe(self, select: str) -> dict[str, str]:
        rows = self.engine.execute(f"describe {select}").fetchall()
        return {row[0]: row[1] for row in rows}


def tail_of(sample: Sample | None, quote: Callable[[str], str] = quote_name, nulls_last: str = " nulls last") -> str:
    """The end of a select that takes a sample, in the words that most databases share."""
    if sample is None:
        return ""
    order = f" order by {quote(sample.newest_by)} desc{nulls_last}" if sample.newest_by else ""
    return f"{order} limit {sample.rows}"


def with_wanted(window: str, relation: Relation, among: Callable[[str, str, Sequence[str]], str]) -> str:
    """The condition of an incremental pull's window, or that what is `wanted` is there: column by column, so that any
    index serves. `among` gives the source's SQL for a column, its type and values of it.
    """
    found = [among(name, relation.types[name], values) for name, values in relation.wanted.items()]
    return f"({window} or ({' and '.join(found)}))" if found else window


def select_from(origin: str, relation: Relation) -> str:
    """What `select` gives where DuckDB itself reads the relation's table or query, which is `origin`."""
    columns = ", ".join(
        f"{quote_name(name) if name in relation.native else text_of(name, relation.types[name])} as {quote_name(name)}"
        for name in relation.columns
    )
    where = f" where ({relation.entity.where}\n)" if relation.entity.where else ""
    return f"select {columns} from {origin}{where}{tail_of(relation.sample)}"


def text_of(column: str, duckdb_type: str) -> str:
    """DuckDB SQL for a typed column's text: exact decimals, doubles by shortest text, whole doubles without point."""
    name = quote_name(column)
    if duckdb_type == "VARCHAR":
        return name
    if duckdb_type in ("DOUBLE", "FLOAT"):
        whole = f"{name} = trunc({name}) and abs({name}) < 9007199254740992"
        return f"case when {whole} then cast(cast({name} as bigint) as varchar) else cast({name} as varchar) end"
    if duckdb_type == "BLOB":
        return f"coalesce(try(decode({name})), '0x' || hex({name}))"
    return f"cast({name} as varchar)"


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of an error about an unknown name: the nearest known one, or all of them."""
    near = difflib.get_close_matches(name.lower(), [item.lower() for item in known], n=1)
    if near:
        return f"did you mean {next(item for item in known if item.lower() == near[0])}?"
    return f"it has {', '.join(known)}"


def split_name(name: str) -> list[str]:
    """The parts of a dotted table name; double quotes keep a dot inside a part."""
    parts, part, quoted = [], "", False
    for place, character in enumerate(name):
        if character == '"':
            quoted = not quoted
            # Two quotes inside a quoted part stand for one.
            part += '"' if quoted and name[place - 1 : place] == '"' else ""
        elif character == "." and not quoted:
            parts.append(part)
            part = ""
        else:
            part += character
    return [*parts, part]
