"""Carries the blocks of a pull from the engine into PostgreSQL by COPY, and counts them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg.copy import QueuedLibpqWriter

from pipelines.extract.engine import BLOCK_ROWS
from pipelines.extract.lines import KEY_HASH, LINE
from pipelines.extract.pull import NO_MARK
from pipelines.extract.source import Source

WAITING_BLOCKS = 4
SPOOL_BYTES = 8 * 1024 * 1024
# What the statement gives of every row, after the landing row itself.
ACCOUNTED = ("deletion", "reject", "mark", "unclear")
# Of more rows PostgreSQL itself finds the keys that came twice: 8 MB.
MOST_KEYS_COMPARED = 1_000_000


class BehindTheScenes(QueuedLibpqWriter):
    """Sends from a thread of its own: the engine works on while PostgreSQL stores."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        super().__init__(cursor)
        # psycopg's own queue holds a thousand: all of a large table, where the warehouse is slower than the source.
        self._queue = type(self._queue)(WAITING_BLOCKS)


def _spool() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(SPOOL_BYTES)


@dataclass
class Transferred:
    """What a pull delivered: rows admitted, set aside and marked as deleted, and the highest mark seen.

    The CSV lines of the latter two are spooled. `may_repeat_keys` is False where certainly no key came twice.
    """

    admitted: int = 0
    rejected: int = 0
    deleted: int = 0
    ambiguous: int = 0
    highest: int = NO_MARK
    may_repeat_keys: bool = True
    rejects: IO[bytes] = field(default_factory=_spool)
    deletions: IO[bytes] = field(default_factory=_spool)


def transfer(
    engine: duckdb.DuckDBPyConnection,
    sql: str,
    source: Source,
    target: psycopg.Connection[Any],
    copy: str,
) -> Transferred:
    """Run the pull and COPY its admitted rows into the warehouse; nothing is held but one block.

    The source's `heard` is called at every block.
    """
    done = Transferred()
    with (
        target.cursor() as cursor,
        cursor.copy(copy, writer=BehindTheScenes(cursor)) as writer,
        # Closed here: the traceback of what fails would keep it, and with it the connections to the source.
        engine.execute(sql).to_arrow_reader(BLOCK_ROWS) as reader,
    ):
        rows = _Lines() if reader.schema.names[0] == LINE else _Columns(reader.schema)
        hashes = _KeyHashes() if KEY_HASH in reader.schema.names else None
        writer.write(rows.head)
        for block in reader:
            source.heard()
            deletions, rejects, marks, unclear = (block.column(name) for name in ACCOUNTED)
            writer.write(rows.bytes_of(block))
            done.admitted += len(block) - (len(deletions) - deletions.null_count) - (len(rejects) - rejects.null_count)
            done.rejected += len(rejects) - rejects.null_count
            done.deleted += len(deletions) - deletions.null_count
            for spooled, file in ((rejects, done.rejects), (deletions, done.deletions)):
                if spooled.null_count < len(spooled):
                    file.write(_bytes(spooled))
            done.highest = max(done.highest, _highest(marks))
            done.ambiguous += int(_numbers(unclear, np.uint8).sum())
            if hashes is not None:
                hashes.add(block.column(KEY_HASH))
        writer.write(rows.tail)
    done.may_repeat_keys = hashes is None or hashes.may_repeat
    for place, reason, record in source.set_aside():
        row = json.dumps({"record": record.replace("\0", "\u2400")}, ensure_ascii=False)
        fields = [place, reason, row]
        done.rejects.write((",".join(map(_quoted, fields)) + ",,false\n").encode())
        done.rejected += 1
    done.rejects.seek(0)
    done.deletions.seek(0)
    return done


class _KeyHashes:
    """The hashes of the keys that came, up to so many."""

    def __init__(self) -> None:
        self._held: list[np.ndarray[Any, Any]] = []
        self._count = 0

    def add(self, hashes: pa.Array) -> None:
        self._count += len(hashes)
        if self._count <= MOST_KEYS_COMPARED:
            self._held.append(_numbers(hashes, np.uint64))
        else:
            self._held.clear()

    @property
    def may_repeat(self) -> bool:
        if self._count > MOST_KEYS_COMPARED:
            return True
        found = np.sort(np.concatenate([np.empty(0, np.uint64), *self._held]))
        return bool((found[1:] == found[:-1]).any())


class _Lines:
    """Landing rows that leave the engine as CSV lines."""

    head = tail = b""

    def bytes_of(self, block: pa.RecordBatch) -> memoryview:
        return _bytes(block.column(0))


class _Columns:
    """Landing rows that leave the engine column by column, in PostgreSQL's binary format."""

    def __init__(self, schema: pa.Schema) -> None:
        self._width = schema.get_field_index(ACCOUNTED[0])
        self._encoder = ArrowToPostgresBinaryEncoder(pa.schema([schema.field(place) for place in range(self._width)]))
        self.head = self._encoder.write_header()

    def bytes_of(self, block: pa.RecordBatch) -> bytes:
        deletions, rejects = (block.column(name) for name in ACCOUNTED[:2])
        rows = block.select(range(self._width))
        if deletions.null_count < len(block) or rejects.null_count < len(block):
            rows = rows.filter(pc.and_(pc.is_null(deletions), pc.is_null(rejects)))
        return self._encoder.write_batch(rows)

    @property
    def tail(self) -> bytes:
        return self._encoder.finish()


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file's content, a megabyte at a time."""
    while block := file.read(1 << 20):
        yield block


def _highest(marks: pa.Array) -> int:
    """The highest of a block's marks. By numpy: pyarrow's own values import pandas, a second and 60 MB."""
    return int(_numbers(marks, np.int64).max())


def _numbers(column: pa.Array, kind: type[np.integer[Any]]) -> np.ndarray[Any, Any]:
    return np.frombuffer(column.buffers()[1], kind)[column.offset : column.offset + len(column)]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _bytes(lines: pa.Array) -> memoryview:
    """The text column's own buffer: its lines stand in it one after the other, nulls as nothing."""
    _, offsets, data = lines.buffers()
    if data is None:
        return memoryview(b"")
    places = np.frombuffer(offsets, dtype=np.int64 if pa.types.is_large_string(lines.type) else np.int32)
    return memoryview(data)[places[lines.offset] : places[lines.offset + len(lines)]]
