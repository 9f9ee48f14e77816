"""A REST API as a source: an entity is an endpoint, a column a field of its records, dotted where it lies deeper.

A list is read whole into a file of the engine's own folder before anything is made of it, so that a list that changed
under way can be read again and memory does not grow with it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contract import entity as contract_of
from pipelines.extract.engine import quote_name
from pipelines.extract.rest_client import RestClient
from pipelines.extract.rest_pages import PagedList, Record, at_path
from pipelines.extract.source import Access, Relation, Since, Source
from pipelines.sources.mapping import EntityMapping, RestSource
from pipelines.sources.mapping import Mapping as SourceMapping

FORMATS = {"iso": "%Y-%m-%dT%H:%M:%SZ", "date": "%Y-%m-%d"}


class ApiSource(Source):
    """An API below a base URL."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: SourceMapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        self.client = RestClient(access.location, access.headers)
        self._served_at: datetime | None = None
        self._numbers = itertools.count()

    def close(self) -> None:
        self.client.close()

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        """The fields of the first page, and those mapped that further pages may hold: a null is often left out."""
        listed = self._list(entity, None)
        records, answer = listed.first_page()
        self._served_at = answer.served_at or self._served_at
        fields = dict.fromkeys(name for record in records for name in _fields(record))
        total = listed.total_of(answer)
        if not records or total is None or total > len(records):
            fields |= dict.fromkeys(_mapped(entity))
        return dict.fromkeys(fields, "VARCHAR")

    def count(self, entity: EntityMapping) -> int:
        listed = self._list(entity, None)
        total = listed.total_of(listed.first_page()[1])
        return total if total is not None else super().count(entity)

    def select(self, relation: Relation) -> str:
        schema = pa.schema([(name, pa.string()) for name in relation.columns])
        name = f"answers_{next(self._numbers)}"
        file = self._folder() / f"{name}.arrow"
        if relation.sample is not None:
            records = self._list(relation.entity, relation.since).sample(relation.sample.rows)
            self.engine.register(name, _batch(records, schema))
            return f"select * from {quote_name(name)}"
        seen = self._spool(relation, file, schema)
        if relation.since is None and seen is not None:
            _require_fields(relation, seen)
        return self._stream(self.engine, name, schema, _batches(file))

    def asked_types(self, entity: EntityMapping) -> tuple[str, ...] | None:
        """A list that is asked for from a moment on takes no keys beside it."""
        return None if entity.rest_of(self.mapping.rest or RestSource()).since_parameter is None else ()

    def clock(self) -> datetime:
        return self._served_at or datetime.now(UTC)

    def _spool(self, relation: Relation, file: Path, schema: pa.Schema) -> set[str] | None:
        """Read the list into the file; the fields that occurred, None where there was no record."""
        seen: set[str] = set()
        writer: pa.RecordBatchStreamWriter | None = None
        sink: pa.OSFile | None = None

        def begin() -> None:
            nonlocal writer, sink
            end()
            seen.clear()
            sink = pa.OSFile(str(file), "wb")
            writer = pa.ipc.new_stream(sink, schema)

        def take(records: Sequence[Record]) -> None:
            self.heard()
            for record in records:
                seen.update(_fields(record))
            if writer is not None:
                writer.write_batch(_batch(records, schema))

        def end() -> None:
            if writer is not None and sink is not None:
                writer.close()
                sink.close()

        try:
            self._list(relation.entity, relation.since).read(begin, take)
        finally:
            end()
        return seen or None

    def _list(self, entity: EntityMapping, since: Since | None) -> PagedList:
        form = entity.rest_of(self.mapping.rest or RestSource())
        parameters = dict(form.parameters)
        if since is not None and form.since_parameter is not None:
            parameters[form.since_parameter] = _since_text(since, form)
        return PagedList(self.client, entity.table or "", form, parameters, self._key(entity))

    def _key(self, entity: EntityMapping) -> list[str]:
        """The fields that identify a record; none where the key is made of something else."""
        name = next((name for name, mapped in self.mapping.entities.items() if mapped is entity), None)
        fields = [entity.columns[part].column for part in contract_of(name).key] if name else []
        return [field for field in fields if field is not None] if None not in fields else []

    def _folder(self) -> Path:
        return Path(self.engine.execute("select current_setting('temp_directory')").fetchall()[0][0])


def _mapped(entity: EntityMapping) -> Iterator[str]:
    for origin in entity.columns.values():
        if origin.column is not None:
            yield origin.column
    if entity.change_marker is not None:
        yield entity.change_marker.column
    if entity.deletion is not None and entity.deletion.flag is not None:
        yield entity.deletion.flag


def _require_fields(relation: Relation, seen: set[str]) -> None:
    missing = [name for name in _mapped(relation.entity) if name in relation.columns and name not in seen]
    if missing and relation.entity.absent_columns == "error":
        there = ", ".join(sorted(seen))
        raise ValueError(
            f"no record of {relation.entity.table} has the field {', '.join(missing)} (there are {there}): mend the"
            " mapping, or allow it by `absent_columns: allowed`"
        )


def _since_text(since: Since, form: RestSource) -> str:
    if since.instant is None:
        return str(since.number)
    if form.since_format in FORMATS:
        return since.instant.astimezone(UTC).strftime(FORMATS[form.since_format])
    factor = 1000 if form.since_format == "epoch_milliseconds" else 1
    return str(int(since.instant.timestamp()) * factor)


def _fields(record: Record, prefix: str = "") -> Iterator[str]:
    """The dotted names of a record's fields; a list is one field."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(file), "rb") as source, pa.ipc.open_stream(source) as reader:
        yield from reader


def _batch(records: Sequence[Record], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array([_text(at_path(record, name)) for record in records], pa.string()) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _text(value: Any) -> str | None:
    """A JSON value as text. Numbers are texts already."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
