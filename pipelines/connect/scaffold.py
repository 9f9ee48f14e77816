"""Writes a first mapping file from what a source looks like: guesses marked as guesses, gaps that keep it refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import sqlalchemy as sa

from pipelines.connect.file_format import FolderFormat, guess_format
from pipelines.connect.guesses import EntityGuess, Guess, discount_beside, guess, left_over
from pipelines.connect.reflection import SourceTable, kind_of, reflect
from pipelines.contract import ENTITIES, Column, Kind
from pipelines.extract.engine import open_engine, quote_name
from pipelines.extract.errors import said
from pipelines.extract.opening import open_source
from pipelines.extract.parsing import Delivered, parsed
from pipelines.extract.source import Relation, Sample, Source, split_name
from pipelines.settings import Settings
from pipelines.sources.mapping import EntityMapping, Mapping, SourceKind
from pipelines.sources.reading import FILL_IN

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*( [A-Za-z0-9_.]+)*")
_YAML_WORDS = {"true", "false", "null", "none"}
CODES_LOOKED_AT = 1_000
MOST_CODES = 12
COLUMNS_SHOWN = 8
DATES_AT_THE_ORDER = "'Dates that stand at the order' in pipelines/sources/README.md"
LINE_NUMBER_HINT = "; where an order names a product once only, the product's number can stand for the line's"


class ScaffoldError(Exception):
    """The source cannot be opened or holds no table; the message names the cure."""


@dataclass(frozen=True)
class Scaffold:
    """The text of a mapping file, and how much of it is left to a person."""

    name: str
    text: str
    entities: int
    gaps: int


def default_name(location: str) -> str:
    """A source system's name from its URL, file or folder; `source` where none can be made of it."""
    last = sa.make_url(location).database if "://" in location else location
    stem = Path(last or "").stem or Path(last or "").name
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    return name if re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) else "source"


def scaffold(settings: Settings, location: str, name: str) -> Scaffold:
    """Look at a source and write what its mapping might be.

    Raises:
        ScaffoldError: the source cannot be read, or has no table.
    """
    try:
        kind = kind_of(location)
        folder = guess_format(Path(location).expanduser()) if kind is SourceKind.FILES else None
        mapping = Mapping.model_construct(
            source_system=name, description="", kind=kind, files=folder.form if folder else None, entities={},
            file=Path(f"{name}.yml"),
            time_zone=None, id_prefix=None, rest=None,
        )  # fmt: skip
        with (
            open_engine(settings) as reader,
            closing(open_source(settings, reader, mapping, location)) as source,
        ):
            tables = reflect(source, folder.others if folder else ())
            if not tables:
                raise ScaffoldError(f"{name} has no table: is it the right database, and may its user see the tables?")
            found = guess(tables)
            orders = next((item for item in found if item.entity.name == "sales_order"), None)
            body = [line for entity in found for line in _EntityText(source, entity, orders).lines()]
    except (duckdb.Error, sa.exc.SQLAlchemyError, OSError, ValueError, ModuleNotFoundError) as error:
        raise ScaffoldError(f"cannot be read: {said(error)}") from error
    lines = [*_head(name, kind, folder), *body, *_leftovers(found, tables, orders)]
    text = "\n".join(lines) + "\n"
    gaps = sum(FILL_IN in line.partition("#")[0] for line in lines)
    return Scaffold(name, text, len(found), gaps)


def _head(name: str, kind: SourceKind, folder: FolderFormat | None) -> Iterator[str]:
    yield f"# A first mapping of {name}, from what its tables look like. Look at every line that says guess; replace"
    yield f"# every {FILL_IN}: until then the file is refused. Then: cvp sources check {name}"
    yield "# What the columns mean: pipelines/contract.py. What else a mapping can say: pipelines/sources/README.md"
    yield f"source_system: {name}"
    yield f"description: {name}"
    yield f"kind: {kind.value}"
    yield "# time_zone: Europe/Berlin     # of timestamps without zone; left out: the company's own"
    if folder is not None:
        given = folder.form.model_dump(exclude_defaults=True)
        if given:
            yield f"files: {json.dumps(given, ensure_ascii=False)}     # guess: from the first lines"
        for table, differing in folder.others.items():
            otherwise = json.dumps(differing, ensure_ascii=False)
            yield _one_line(
                f"# {table} is written otherwise ({otherwise}): it needs a mapping file of its own, at this place"
            )
    yield "entities:"


def _leftovers(found: list[EntityGuess], tables: list[SourceTable], orders: EntityGuess | None) -> Iterator[str]:
    guessed = {item.entity.name for item in found}
    missing = [entity.name for entity in ENTITIES if entity.name not in guessed]
    if not found:
        yield f"  {FILL_IN}: {FILL_IN}     # no table looks like an entity of the contract"
    if missing:
        yield ""
        yield f"# Not found here, add them if the system has them: {', '.join(missing)}"
    shipped = left_over(orders, "delivered_on") if orders and "delivery" in missing else None
    if orders and shipped:
        what = f"{shipped.name} of {orders.table.mapped_name} might serve, by a query with a row per line shipped"
        yield _one_line(f"# delivery: {what}: see {DATES_AT_THE_ORDER}")
    used = {item.table.mapped_name for item in found}
    others = [table for table in tables if table.mapped_name not in used]
    if others:
        yield "# Tables that nothing was guessed for:"
    for table in others:
        columns = ", ".join(column.name for column in table.columns[:COLUMNS_SHOWN])
        more = ", ..." if len(table.columns) > COLUMNS_SHOWN else ""
        yield _one_line(f"#   {table.mapped_name} ({columns}{more}){': ' + table.comment if table.comment else ''}")


class _EntityText:
    """One entity's lines; `orders`: what was found of the orders, for what stands there."""

    def __init__(self, source: Source, found: EntityGuess, orders: EntityGuess | None) -> None:
        self.source, self.found, self.orders = source, found, orders

    def lines(self) -> Iterator[str]:
        found = self.found
        yield f"  {found.entity.name}:"
        if found.is_distinct:
            yield "    # guess: one table holds orders and lines; every order is to come once"
            yield f"    query: {json.dumps(self._distinct(), ensure_ascii=False)}"
        else:
            table = f"    table: {_scalar(found.table.mapped_name)}"
            yield _commented(table, f"guess: {found.reason}{self._other_key()}")
        if found.change_marker is not None:
            marker = found.change_marker
            index = "" if marker.name in found.table.indexed else "; no index begins with it"
            line = f"    change_marker: {{column: {_scalar(marker.name)}, type: timestamp}}"
            yield _commented(line, f"guess: {marker.reason}{index}")
        if found.deletion_flag is not None:
            yield self._deletion(found.deletion_flag)
        yield "    columns:"
        for column in found.entity.columns:
            yield from self._column(column)

    def _distinct(self) -> str:
        """The select of each order's own columns, once."""
        is_mysql = self.source.mapping.kind is SourceKind.MYSQL
        quote = (lambda name: "`" + name.replace("`", "``") + "`") if is_mysql else quote_name
        columns = ", ".join(quote(guessed.name) for guessed in self.found.columns.values())
        is_whole_name = self.source.mapping.kind in (SourceKind.SQLITE, SourceKind.FILES)
        parts = [self.found.table.mapped_name] if is_whole_name else split_name(self.found.table.mapped_name)
        return f"select distinct {columns} from {'.'.join(map(quote, parts))}"

    def _other_key(self) -> str:
        """A hint where the table's own key has more parts than the entity's."""
        key = [self.found.columns[name].name for name in self.found.entity.key if name in self.found.columns]
        if set(self.found.table.key) <= set(key):
            return ""
        wanted, there = ", ".join(self.found.entity.key), ", ".join(self.found.table.key)
        return f"; its key is {there}, but {wanted} must be unique: a `where` or a query may be needed"

    def _column(self, column: Column) -> Iterator[str]:
        guessed = self.found.columns.get(column.name)
        if guessed is None and not column.required:
            yield _one_line(f"      # {column.name}: not found ({_asked(column)}){self._elsewhere(column)}")
        elif guessed is None:
            free = ", ".join(self._free()) or "none"
            hint = LINE_NUMBER_HINT if column.name == "line_number" else ""
            yield _commented(
                f"      {column.name}: {FILL_IN}", f"required, {_asked(column)}; columns left: {free}{hint}"
            )
        else:
            yield from self._guessed(column, guessed)

    def _guessed(self, column: Column, guessed: Guess) -> Iterator[str]:
        codes = self._untranslated(column, guessed)
        said_there = next(item.comment for item in self.found.table.columns if item.name == guessed.name)
        why = f"guess: {guessed.reason}" + (f"; its comment: {said_there}" if said_there not in guessed.reason else "")
        referred = self.found.table.references.get(guessed.name)
        if referred and not column.is_id:
            why += f"; it references {referred}: a query can join the name from there"
        if column.name == "unit_price":
            why += self._net_of_discount(guessed)
        if codes is None:
            yield _commented(f"      {column.name}: {_scalar(guessed.name)}", why)
            return
        pairs = ", ".join(f"{json.dumps(code, ensure_ascii=False)}: {FILL_IN}" for code in codes)
        line = f"      {column.name}: {{column: {_scalar(guessed.name)}, codes: {{{pairs}}}}}"
        yield _commented(line, f"{why}; each is one of {_allowed(column)}")

    def _elsewhere(self, column: Column) -> str:
        """Where a promised date stands at the order instead of the line."""
        if column.name != "promised_on" or self.orders is None:
            return ""
        promised = left_over(self.orders, "promised_on")
        if promised is None:
            return ""
        where = f"{promised.name} of {self.orders.table.mapped_name}"
        return f"; {where} might serve, joined by a query: see {DATES_AT_THE_ORDER}"

    def _net_of_discount(self, price: Guess) -> str:
        discount = discount_beside(self.found)
        if discount is None:
            return ""
        share = f"cast({quote_name(discount)} as decimal(9,4))"
        is_percent = self._has_above_one(discount)
        net = f"cast({quote_name(price.name)} as decimal(19,4)) * (1 - {share}{' * 0.01' if is_percent else ''})"
        quoted, what = net.replace("'", "''"), "percent" if is_percent else "a share"
        return f"; {discount} is left over: where prices are before it, and it is {what}, {{expression: '{quoted}'}}"

    def _has_above_one(self, name: str) -> bool:
        """Whether any number of a column is above 1, in a sample."""
        found = self.source.engine.execute(
            f"select coalesce(bool_or(try_cast(replace(cast(value as varchar), ',', '.') as double) > 1), false)"
            f" from ({self._sample(name)})"
        )
        return bool(found.fetchall()[0][0])

    def _deletion(self, flag: Guess) -> str:
        """A flag that says yes or no is read as such; a date marks by being there; what a code means a person knows."""
        family = next(item.family for item in self.found.table.columns if item.name == flag.name)
        values = [] if family == "date" else self._values(flag.name, Kind.BOOLEAN)
        given, asked = ", values: any", "which values mean deleted?"
        if values and all(is_read for _, is_read in values):
            given, asked = "", "a yes means deleted"
        elif len(values) == 1:
            given = f", values: [{json.dumps(values[0][0], ensure_ascii=False)}]"
        elif values:
            given, asked = f", values: [{FILL_IN}]", f"some of {', '.join(value for value, _ in values[:MOST_CODES])}"
        return _commented(f"    deletion: {{flag: {_scalar(flag.name)}{given}}}", f"guess: {flag.reason}; {asked}")

    def _untranslated(self, column: Column, guessed: Guess) -> list[str] | None:
        """The values of a coded column that the contract does not know, of a sample; None where it knows all."""
        if not column.codes and column.kind is not Kind.BOOLEAN:
            return None
        values = self._values(guessed.name, column.kind)
        known = all(value in column.codes if column.codes else is_read for value, is_read in values)
        return None if known or len(values) > MOST_CODES else [value for value, _ in values]

    def _values(self, name: str, kind: Kind) -> list[tuple[str, bool]]:
        """The different texts of a column in a sample, and whether each can be read as the kind."""
        delivered = Delivered(("UTC", "UTC"), self._types[name])
        rows = self.source.engine.execute(
            f"select distinct value, ({parsed('value', kind, delivered)}) is not null"
            f" from ({self._sample(name)}) where value <> '' order by 1"
        ).fetchall()
        return [(str(value), bool(is_read)) for value, is_read in rows]

    def _sample(self, name: str) -> str:
        """A select of some of a column's texts, as `value`."""
        relation = Relation(self._table, [name], None, self._types, Sample(CODES_LOOKED_AT))
        return f"select {quote_name(name)} as value from ({self.source.select(relation)})"

    @property
    def _table(self) -> EntityMapping:
        return EntityMapping(table=self.found.table.mapped_name, columns={})

    @cached_property
    def _types(self) -> dict[str, str]:
        return self.source.columns(self._table)

    def _free(self) -> list[str]:
        used = {item.name for item in self.found.columns.values()}
        return [item.name for item in self.found.table.columns if item.name not in used][:COLUMNS_SHOWN]


def _asked(column: Column) -> str:
    return f"{column.kind.value}{', one of ' + _allowed(column) if column.codes else ''}"


def _allowed(column: Column) -> str:
    return ", ".join(column.codes or ("true", "false"))


def _scalar(text: str) -> str:
    """A YAML scalar that is this text."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS else json.dumps(text, ensure_ascii=False)


def _commented(line: str, comment: str) -> str:
    return f"{line:<44} # {_one_line(comment)}"


def _one_line(text: str) -> str:
    """A comment of a source may hold line breaks; a YAML comment must not."""
    return (
        " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if "\n" in text or not text.isprintable()
        else text
    )
