"""Blocks handed from one connection of the engine to another: all of them, in order, and what breaks them as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from pipelines.extract.source import Access, Relation, Source
from pipelines.extract.streams import BLOCKS_AHEAD, ahead
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


def test_all_blocks_come_in_order_and_the_next_ones_are_made_while_one_is_worked_on():
    made, worked = [], []

    def blocks() -> Iterator[pa.RecordBatch]:
        for number in range(BLOCKS_AHEAD + 3):
            made.append((number, threading.current_thread().name))
            yield block(str(number))

    found = []
    second = threading.Event()
    for one in ahead(blocks()):
        found.append(one.column(0)[0].as_py())
        expected = min(len(found) + BLOCKS_AHEAD, BLOCKS_AHEAD + 3)
        for _ in range(100):
            if len(made) >= expected:
                break
            second.wait(0.02)
        worked.append(len(made) - len(found))
    assert found == [str(number) for number in range(BLOCKS_AHEAD + 3)]
    assert worked == [*[BLOCKS_AHEAD] * 3, *reversed(range(BLOCKS_AHEAD))], "the next ones meanwhile, no more than that"
    assert {name for _, name in made} == {"ahead_0"}


def test_a_stream_that_is_given_up_leaves_no_thread_and_makes_at_most_the_block_that_it_is_at():
    made, may_go_on = [], threading.Event()

    def blocks() -> Iterator[pa.RecordBatch]:
        for number in range(100):
            if number == 1:
                may_go_on.wait(20)
            made.append(number)
            yield block(str(number))

    stream = ahead(blocks())
    next(stream)
    threading.Timer(0.2, may_go_on.set).start()
    stream.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")] == []
    assert made == [0, 1]


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
