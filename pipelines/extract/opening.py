"""Opens a source system for reading, whatever its kind, under the settings' limits."""

from __future__ import annotations

import duckdb

from pipelines.extract.duckdb_file import DuckdbSource
from pipelines.extract.errors import ExtractionError
from pipelines.extract.files import FilesSource
from pipelines.extract.mysql import MysqlSource
from pipelines.extract.postgres import PostgresSource
from pipelines.extract.rest import ApiSource
from pipelines.extract.row_stream import RowStreamSource
from pipelines.extract.source import Access, Source
from pipelines.extract.sqlite import SqliteSource
from pipelines.settings import Settings
from pipelines.sources.mapping import Mapping, SourceKind

_KINDS: dict[SourceKind, type[Source]] = {
    SourceKind.POSTGRES: PostgresSource,
    SourceKind.MYSQL: MysqlSource,
    SourceKind.SQLITE: SqliteSource,
    SourceKind.DUCKDB: DuckdbSource,
    SourceKind.FILES: FilesSource,
    SourceKind.SQLALCHEMY: RowStreamSource,
    SourceKind.REST: ApiSource,
}


def open_source(
    settings: Settings, engine: duckdb.DuckDBPyConnection, mapping: Mapping, location: str | None = None
) -> Source:
    """The source of a mapping, at its place in the settings or at another one.

    Raises:
        ExtractionError: the settings do not place it.
        duckdb.Error, OSError, ValueError and what a driver raises: it cannot be opened.
    """
    access = Access(
        location=location or location_of(settings, mapping.source_system),
        zone=mapping.time_zone or settings.time_zone,
        statement_seconds=settings.source_statement_seconds,
        headers=settings.source_headers.get(mapping.source_system, {}),
    )
    return _KINDS[mapping.kind](engine, mapping, access)


def location_of(settings: Settings, source: str) -> str:
    """Where a source is, by the settings; ExtractionError where they do not say."""
    location = settings.sources.get(source)
    if not location:
        raise ExtractionError(
            source, None, f"the settings do not say where it is: set CVP_SOURCES__{source}=... or `sources` in the file"
        )
    return location
