"""The way into the warehouse: little waits for it, however slow it is; a pull that fails lets go of its source."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import duckdb
import psycopg
import pyarrow as pa
import pytest

from pipelines.extract.engine import BLOCK_ROWS
from pipelines.extract.transfer import WAITING_BLOCKS, BehindTheScenes, transfer

BLOCK = b"x" * (1 << 20)
BLOCKS = 100
# what libpq and the kernel take, beside the blocks that wait
ON_THEIR_WAY = 20
LOCK = 4711


@pytest.fixture
def stalled(module_warehouse):
    """A connection that copies into a table which takes nothing while the lock is held, and the lock's holder."""
    with psycopg.connect(module_warehouse.url) as holder, psycopg.connect(module_warehouse.url) as connection:
        connection.execute("create temporary table slow (line text)")
        connection.execute(
            "create function pg_temp.wait() returns trigger language plpgsql as"
            f" $$ begin perform pg_advisory_xact_lock({LOCK}); return null; end $$"
        )
        connection.execute("create trigger waits before insert on slow for each row execute function pg_temp.wait()")
        connection.commit()
        holder.execute(f"select pg_advisory_lock({LOCK})")
        yield connection, holder


def test_a_warehouse_that_does_not_keep_up_is_waited_for(stalled):
    connection, holder = stalled
    given = []

    def give() -> None:
        with connection.cursor() as cursor, cursor.copy("copy slow from stdin", writer=BehindTheScenes(cursor)) as copy:
            for number in range(BLOCKS):
                copy.write(BLOCK + b"\n")
                given.append(number)

    giver = threading.Thread(target=give)
    giver.start()
    before = -1
    while len(given) != before or not given:
        before = len(given)
        time.sleep(0.5)
    taken = len(given)
    holder.execute(f"select pg_advisory_unlock({LOCK})")
    giver.join(60)
    assert taken <= WAITING_BLOCKS + ON_THEIR_WAY, "a block that nobody takes is not made"
    assert len(given) == BLOCKS


def test_a_pull_that_fails_lets_go_of_its_source_though_its_error_is_kept(module_warehouse):
    schema = pa.schema([("line", pa.string())])
    let_go = []

    def delivered() -> Iterator[pa.RecordBatch]:
        try:
            while True:
                yield pa.RecordBatch.from_pydict({"line": ["a row\n"] * 5000}, schema)
        finally:
            let_go.append(True)

    def lose_patience() -> None:
        raise TimeoutError("the source took too long")

    sql = (
        "select line, null::varchar as deletion, null::varchar as reject, 0::bigint as mark, 0::utinyint as unclear"
        " from delivered"
    )
    with psycopg.connect(module_warehouse.url) as connection:
        connection.execute("create temporary table landed (line text)")
        with pytest.raises(TimeoutError) as kept, duckdb.connect() as engine:
            engine.register("delivered", pa.RecordBatchReader.from_batches(schema, delivered()).__arrow_c_stream__())
            transfer(engine, sql, SimpleNamespace(heard=lose_patience), connection, "copy landed from stdin")
    assert kept.traceback
    assert let_go


@pytest.mark.parametrize(
    ("keys", "most", "expected"),
    [
        ("range(0)", 10, False),
        (f"range({3 * BLOCK_ROWS})", 3 * BLOCK_ROWS, False),
        (f"range({3 * BLOCK_ROWS})", 3 * BLOCK_ROWS - 1, True),
        (f"(select range % {3 * BLOCK_ROWS - 1} as range from range({3 * BLOCK_ROWS}))", 3 * BLOCK_ROWS, True),
    ],
    ids=["nothing came", "each once", "too many to tell", "the first again at last"],
)
def test_it_is_known_whether_a_key_may_have_come_twice(module_warehouse, monkeypatch, keys, most, expected):
    monkeypatch.setattr("pipelines.extract.transfer.MOST_KEYS_COMPARED", most)
    sql = (
        "select range || chr(10) as line, null::varchar as deletion, null::varchar as reject, 0::bigint as mark,"
        f" 0::utinyint as unclear, hash(range || 'x', range) as key_hash from {keys}"
    )
    source = SimpleNamespace(heard=lambda: None, set_aside=lambda: [])
    with psycopg.connect(module_warehouse.url) as connection, duckdb.connect() as engine:
        connection.execute("create temporary table landed (line text)")
        done = transfer(engine, sql, source, connection, "copy landed from stdin")
        assert connection.execute("select count(*) from landed").fetchone() == (done.admitted,)
    assert done.may_repeat_keys is expected
