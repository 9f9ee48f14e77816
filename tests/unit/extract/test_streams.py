"""Blocks handed from one connection of the engine to another: all of them, in order, and what breaks them as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from pipelines.extract.source import Access, Relation, Source
from pipelines.extract.streams import ahead
from pipelines.sources.mapping import EntityMapping

SCHEMA = pa.schema([("text", pa.string())])


def block(text: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": [text]}, SCHEMA)


class Streamed(Source):
    """A source that is nothing but a stream."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, blocks: Iterator[pa.RecordBatch]) -> None:
        super().__init__(engine, None, Access("", "UTC"))
        self.blocks = blocks

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        return {"text": "VARCHAR"}

    def select(self, relation: Relation | None = None) -> str:
        return self._stream(self.engine, "streamed", SCHEMA, self.blocks)


def test_all_blocks_come_in_order_and_one_is_made_while_another_is_worked_on():
    made, worked = [], []

    def blocks() -> Iterator[pa.RecordBatch]:
        for number in range(5):
            made.append((number, threading.current_thread().name))
            yield block(str(number))

    found = []
    second = threading.Event()
    for one in ahead(blocks()):
        found.append(one.column(0)[0].as_py())
        for _ in range(100):
            if len(made) > len(found) or len(found) == 5:
                break
            second.wait(0.02)
        worked.append(len(made))
    assert found == ["0", "1", "2", "3", "4"]
    assert worked == [2, 3, 4, 5, 5], "the next one is made meanwhile, no more than that"
    assert {name for _, name in made} == {"ahead_0"}


def test_a_stream_that_is_given_up_leaves_no_thread():
    stream = ahead(block(str(number)) for number in range(100))
    next(stream)
    stream.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")] == []


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), duckdb.IOException("the connection is lost"), ValueError("row 7")]
)
@pytest.mark.parametrize("is_ahead", [True, False])
def test_what_breaks_a_stream_comes_out_as_it_was(engine, error, is_ahead):
    def blocks() -> Iterator[pa.RecordBatch]:
        yield block("first")
        raise error

    source = Streamed(engine, ahead(blocks()) if is_ahead else blocks())
    with pytest.raises(type(error)) as raised, source.own_errors():
        engine.execute(source.select()).fetchall()
    assert raised.value is error


def test_an_error_of_the_engines_own_stays_its_own(engine):
    source = Streamed(engine, iter([block("no number")]))
    with pytest.raises(duckdb.ConversionException), source.own_errors():
        engine.execute(f"select cast(text as integer) from ({source.select()})").fetchall()
