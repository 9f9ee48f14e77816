"""A small pull held against the table: its keys looked up one by one by several processes, or the table scanned."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from pipelines.extract import comparison
from tests.integration.extracting import desk_for

MAPPING = """
    kind: sqlite
    time_zone: UTC
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 0}
        deletion: {flag: gone, values: ['1']}
        columns: {customer_id: id, customer_name: name}
"""
HELD, READ_AGAIN = 8000, 300
SOURCE = f"""
    create table customers (id text primary key, name text, changed text, gone text);
    insert into customers
        with recursive n as (select 1 as i union all select i + 1 from n where i < {HELD})
        select printf('C%04d', i), 'first', '2024-01-05 12:00', '0' from n;
    update customers set changed = '2024-01-10 12:00' where id = 'C0026';
"""
# of those that come two have changed, two are gone, of which one was never held, one is new, one is unreadable
TONIGHT = f"""
    update customers set changed = '2024-02-01 12:00' where cast(substr(id, 2) as integer) % {HELD // READ_AGAIN} = 0;
    update customers set name = 'second' where id in ('C0026', 'C0052');
    update customers set gone = '1' where id = 'C0078';
    update customers set name = '' where id = 'C0104';
    insert into customers values
        ('C9000', 'new', '2024-02-01 12:00', '0'), ('C9001', 'never seen', '2024-02-01 12:00', '1');
"""
LOOKED_UP, SCANNED = float("inf"), 0.0


@pytest.fixture
def desk(module_warehouse, tmp_path):
    found = desk_for(module_warehouse, tmp_path)
    with sqlite3.connect(tmp_path / "crm.sqlite") as source:
        source.executescript(SOURCE)
    source.close()
    found.source("crm", str(tmp_path / "crm.sqlite"), MAPPING)
    return found


def workers_launched(engine: sa.Engine) -> int:
    """Processes that the database's queries started, once every connection has told."""
    engine.dispose()
    told = "select parallel_workers_launched from pg_stat_database where datname = current_database()"
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(told).scalar_one())


@pytest.mark.parametrize(
    ("way", "in_memory"),
    [(LOOKED_UP, float("inf")), (LOOKED_UP, 0.0), (SCANNED, 0.0)],
    ids=["looked up in memory", "looked up on disk", "scanned"],
)
def test_all_ways_find_the_same(desk, tmp_path, monkeypatch, way, in_memory):
    desk.extract("crm", "customer")
    with sqlite3.connect(tmp_path / "crm.sqlite") as source:
        source.executescript(TONIGHT)
    source.close()
    monkeypatch.setattr(comparison, "PROBED_SECONDS_A_ROW", way)
    monkeypatch.setattr(comparison, "SECONDS_IN_MEMORY", in_memory)
    before = workers_launched(desk.engine)
    desk.start("second", "2024-02-02")
    result = desk.extract("crm", "customer", "second")
    assert (workers_launched(desk.engine) > before) == (way == LOOKED_UP)
    read = HELD // (HELD // READ_AGAIN) + 2
    assert (result.is_full_pull, result.rows_read, result.rows_rejected) == (False, read, 1)
    assert (result.rows_landed, result.rows_unchanged, result.rows_held) == (4, read - 5, HELD)
    changed = desk.rows("select customer_id, customer_name from landing.customer where customer_name <> 'first'")
    assert sorted(changed) == [("C0026", "second"), ("C0052", "second"), ("C9000", "new")]
    assert desk.rows("select 1 from landing.customer where customer_id in ('C0078', 'C9001')") == []
    former = desk.rows(
        "select h.key, h.row ->> 'customer_id', h.row ->> 'customer_name', h.superseded_by,"
        " h.known_from = (h.row ->> 'extracted_at')::timestamptz, h.known_to > h.known_from"
        " from landing.landing_history as h order by h.key"
    )
    assert former == [
        ("C0026", "C0026", "first", "update", True, True),
        ("C0052", "C0052", "first", "update", True, True),
        ("C0078", "C0078", "first", "delete", True, True),
    ]
    columns = "select column_name from information_schema.columns where table_schema = 'landing'"
    kept = desk.rows("select distinct jsonb_object_keys(row) from landing.landing_history")
    assert sorted(kept) == sorted(desk.rows(f"{columns} and table_name = 'customer'"))
    assert desk.rows("select relname from pg_class where relname like 'pulled%%'") == []
