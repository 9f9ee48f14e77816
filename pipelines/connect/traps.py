"""What a mapping can get wrong without any sampled row that shows it: inexact money, changes that no pull will see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import duckdb

from pipelines.connect.file_format import csv_files, misread
from pipelines.contract import Column, Kind
from pipelines.extract.engine import quote_name
from pipelines.extract.files import FilesSource
from pipelines.extract.mysql import MysqlSource
from pipelines.extract.source import Relation, Sample, Source
from pipelines.sources.mapping import ANY_VALUE, EntityMapping, FileFormat, Mapping

# Deleted rows are few: more are looked at than are sampled.
FLAGS_LOOKED_AT = 100_000
_FLOATS = ("DOUBLE", "FLOAT")
_BARE_DECIMAL = re.compile(r"\bas\s+(decimal|numeric|dec)\s*\)", re.IGNORECASE)


def type_of_expression(engine: duckdb.DuckDBPyConnection, expression: str, columns: list[str]) -> str:
    """The type that the engine gives an expression over a source's columns, all of them text.

    Raises:
        duckdb.Error: the engine cannot make anything of it.
    """
    texts = ", ".join(f"cast(null as varchar) as {quote_name(name)}" for name in columns)
    described = engine.execute(f"describe select ({expression}\n) as outcome from (select {texts})").fetchall()
    return str(described[0][1])


def inexact(column: Column, expression: str, outcome_type: str, form: FileFormat) -> Iterator[str]:
    """Why an expression's numbers may not be those that the source holds, and the cure."""
    if column.kind is not Kind.NUMERIC:
        return
    if form.decimal == "," and "replace" not in expression.lower():
        yield (
            "reads the file's text as it stands, where 1.234 is a little more than one: take the marks out by"
            " replace(replace(..., '.', ''), ',', '.') before the cast"
        )
    if outcome_type in _FLOATS:
        yield (
            f"is computed as {outcome_type}, in which 4435.4597 can come out as 4435.459699999999 (a division always"
            " does): multiply instead (* 0.01 for a percent), or round what comes out: cast(... as decimal(28,12))"
        )
    if bare := _BARE_DECIMAL.search(expression):
        yield f"`{bare[1]}` alone is decimal(18,3), which rounds to three places: give digits and places: decimal(19,4)"


def misread_files(mapping: Mapping, source: Source) -> Iterator[str]:
    """CSV files of a mapping that its encoding reads without a fault, and that are in another one."""
    if not isinstance(source, FilesSource):
        return
    declared = mapping.file_format.encoding
    named = [entity.table or entity.query or "" for entity in mapping.entities.values()]
    for table, file in csv_files(source.folder).items():
        likely = misread(file, declared) if any(table in text for text in named) else None
        if likely is not None:
            yield f"{file.name} looks like {likely}, which {declared} reads as rubbish: is `encoding` right?"


def unseen_changes(entity: EntityMapping) -> tuple[str, str] | None:
    """What pulls by marker will not see of a `where` or a query: which of the two, and in words with the cure."""
    marker, deletion = entity.change_marker, entity.deletion
    has_decided = "deletion" in entity.model_fields_set and (deletion is None or deletion.reconcile_every_nights)
    if marker is None or has_decided:
        return None
    if deletion is None:
        cure = "`deletion: {reconcile_every_nights: 7}` finds them, `deletion: none` says that there are none"
    else:
        cure = "`reconcile_every_nights: 7` beside the flag finds them"
    if entity.query is None:
        kept = "rows that stop meeting it stay landed as they were, for no pull by marker brings them"
        return ("where", f"{kept}: {cure}") if entity.where else None
    unseen = (
        f"a pull by {marker.column} misses rows that the query stops giving, and changes in a joined table that leave"
    )
    greatest = "the greatest of the tables' markers shows most of these"
    return "query", f"{unseen} {marker.column} alone: {greatest}, {cure}"


def lost_instants(source: Source, entity: EntityMapping, types: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Columns of a MySQL query that by their name are a TIMESTAMP, an instant, which a query does not say.

    The canonical column (or `change_marker`), and in words what to write.
    """
    if entity.query is None or not isinstance(source, MysqlSource):
        return
    found = source.rows(
        "select column_name, min(table_name) as t from information_schema.columns where table_schema = database()"
        " group by column_name having sum(data_type <> 'timestamp') = 0"
    )
    tables = {row[0]: row[1] for row in found}
    used = {target: origin.column for target, origin in entity.columns.items()}
    if entity.change_marker is not None:
        used["change_marker"] = entity.change_marker.column
    for target, column in used.items():
        if column is not None and column in tables and types.get(column) == "TIMESTAMP":
            yield (
                target,
                f"{column} is a TIMESTAMP in {tables[column]}: a query gives it in UTC, and it is read in `time_zone`;"
                f" write concat({column}, '+00:00') as {column} in the query",
            )


def marks_spelt_otherwise(source: Source, entity: EntityMapping, types: dict[str, str]) -> Iterator[str]:
    """Texts of a deletion flag that are one of its `values` but for case or blanks, and so mark nothing."""
    deletion = entity.deletion
    if deletion is None or deletion.flag is None or deletion.values in (None, [ANY_VALUE]):
        return
    values = deletion.values or []
    select = source.select(Relation(entity, [deletion.flag], None, types, Sample(FLAGS_LOOKED_AT)))
    flags = source.engine.execute(f"select distinct {quote_name(deletion.flag)} from ({select})").fetchall()
    meant = {value.strip().lower() for value in values}
    for flag in sorted(str(flag) for (flag,) in flags if flag is not None):
        if flag not in values and flag.strip().lower() in meant:
            spelt = json.dumps(flag, ensure_ascii=False)
            yield f"{deletion.flag} holds {spelt} too, which marks no row: add it to `values` if it means deleted"
