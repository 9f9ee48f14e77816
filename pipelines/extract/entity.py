"""Extraction of a source system: read as it is at one moment, landed in one transaction of the warehouse."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import duckdb
import psycopg
import sqlalchemy as sa

from pipelines.contract import ENTITIES
from pipelines.extract.engine import open_engine
from pipelines.extract.errors import ExtractionError, said
from pipelines.extract.landing import Landing
from pipelines.extract.opening import location_of, open_source
from pipelines.extract.patience import patience
from pipelines.extract.result import Extraction, ExtractionResult
from pipelines.extract.source import Source
from pipelines.extract.watermark import Reach
from pipelines.settings import Settings
from pipelines.sources.mapping import Mapping
from pipelines.sources.reading import MappingError, load_mapping

log = logging.getLogger(__name__)

# Errors that another try does not mend.
LASTING = (
    ValueError, FileNotFoundError, ModuleNotFoundError, duckdb.ParserException, duckdb.NotImplementedException,
    duckdb.OutOfMemoryException,
)  # fmt: skip
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SINCE_THE_WATERMARK = Reach()


def list_extractions(settings: Settings, names: Sequence[str]) -> list[Extraction]:
    """Every entity of every named mapping, in the mappings' order. Reads files only, connects to nothing.

    Raises:
        MappingError: a mapping is missing or wrong.
        ExtractionError: the settings do not place a source.
    """
    found = []
    for name in names:
        mapping = load_mapping(name, settings)
        location_of(settings, name)
        found += [Extraction(name, entity) for entity in mapping.entities]
    return found


def extract_source(
    settings: Settings,
    engine: sa.Engine,
    source: str,
    run_id: str,
    entities: Sequence[str] | None = None,
    reach: Reach = SINCE_THE_WATERMARK,
) -> list[ExtractionResult]:
    """Pull a source's entities (None: all) into landing, as they are at one moment and in one transaction.

    Rows, history, rows set aside, watermarks and the account of it land together or not at all, so that an order never
    comes without its lines. A run may repeat it: rows that landed already count as unchanged.

    Raises:
        ExtractionError: the source cannot be read, lacks a column, or delivers suspiciously little.
    """
    mapping = load_mapping(source, settings)
    chosen = _in_contract_order(mapping, entities)
    only = chosen[0] if len(chosen) == 1 else None
    with _named_errors(source, only), open_engine(settings) as reader, engine.begin() as connection:
        works = [Landing(settings, connection, mapping, entity, run_id, reach) for entity in chosen]
        with patience(settings, source) as watch, closing(open_source(settings, reader, mapping)) as opened:
            opened.heard = watch.heard
            _read(reader, opened, works)
        results = []
        for work in works:
            with _named_errors(source, work.sql.contract.name):
                results.append(work.land())
    for result in results:
        _report(result)
    return results


def extract_entity(settings: Settings, engine: sa.Engine, source: str, entity: str, run_id: str) -> ExtractionResult:
    """Pull one entity alone; raises as `extract_source` does."""
    return extract_source(settings, engine, source, run_id, [entity])[0]


def _in_contract_order(mapping: Mapping, entities: Sequence[str] | None) -> list[str]:
    """The entities to pull, always in one order: two sources that fill the same tables never wait in a ring."""
    for entity in entities or ():
        if entity not in mapping.entities:
            raise ExtractionError(mapping.source_system, entity, f"{mapping.file} does not map it")
    return [entity.name for entity in ENTITIES if entity.name in (entities or mapping.entities)]


def _read(reader: duckdb.DuckDBPyConnection, source: Source, works: Sequence[Landing]) -> None:
    """Read all entities before the first is merged: a snapshot is held at the source no longer than needed."""
    name = source.mapping.source_system
    source.begin()
    plans = []
    for work in works:
        with _named_errors(name, work.sql.contract.name):
            plans.append(work.prepare(source))
    source.expect([plan.relation for plan in plans if plan is not None])
    for work in works:
        with _named_errors(name, work.sql.contract.name), source.own_errors():
            work.read(reader, source)
    source.end()


def _report(result: ExtractionResult) -> None:
    log.info(
        "%s.%s: %d read, %d landed, %d unchanged, %d set aside, %d deleted in %.1f s",
        result.source_system, result.entity, result.rows_read, result.rows_landed, result.rows_unchanged,
        result.rows_rejected, result.rows_deleted, result.seconds,
    )  # fmt: skip


@contextmanager
def _named_errors(source: str, entity: str | None) -> Iterator[None]:
    """Whatever the engine, a driver or a file says, said with source and entity and without passwords or values."""
    try:
        yield
    except (ExtractionError, MappingError):
        raise
    except (RuntimeError, duckdb.InterruptException) as error:
        # What the engine makes of Ctrl-C and of being told to stop: no fault of the source.
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from error
        raise
    except psycopg.Error as error:
        raise ExtractionError(source, entity, f"the warehouse refused: {_primary(error)}", is_lasting=False) from error
    except sa.exc.DBAPIError as error:
        message = _primary(error.orig) if isinstance(error.orig, psycopg.Error) else said(error.orig or error)
        raise ExtractionError(source, entity, f"the database refused: {message}", is_lasting=False) from error
    except (duckdb.Error, sa.exc.SQLAlchemyError, OSError, ValueError, ModuleNotFoundError) as error:
        has_no_room = isinstance(error, OSError) and error.errno in NO_ROOM
        what = "this machine's disk has no room for what is read" if has_no_room else "cannot be read"
        message = f"{what}: {said(error)}"
        raise ExtractionError(source, entity, message, is_lasting=isinstance(error, LASTING)) from error


def _primary(error: psycopg.Error) -> str:
    # A connection that was refused or lost has no diagnosis of its own.
    return said(Exception(error.diag.message_primary or str(error) or type(error).__name__))
