"""What no change marker shows: deleted rows, silent changes, emptied tables, found by pulling all now and then."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest

from pipelines.extract import ExtractionError, Reach, extract_source
from tests.integration.extracting import desk_for

MAPPING = """
    kind: postgres
    time_zone: Asia/Shanghai
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 60}
        deletion: {reconcile_every_nights: 3}
        columns: {customer_id: id, customer_name: name}
"""
ROWS = 200


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def execute(server, desk):
    """Statements at a source with ROWS customers, old ones but for the last."""
    name = f"erp_{desk.settings.warehouse_database}"
    server.ensure_database(name, "erp_owner")
    desk.source("erp", server.url("erp_owner", name), MAPPING)
    with psycopg.connect(server.url("erp_owner", name), autocommit=True) as connection:
        connection.execute("drop table if exists customers")
        connection.execute("create table customers (id int primary key, name text, changed timestamp)")
        connection.execute(
            "insert into customers select n, 'N', timestamp '2024-01-01' + n * interval '2 hours'"
            f" from generate_series(1, {ROWS}) as n"
        )
        yield connection.execute
    server.drop_database(name)


def night(desk, day: int, attempt: str = ""):
    """The extraction of one date; every attempt at it is a run of its own."""
    desk.start(f"{day}{attempt}", f"2024-02-{day:02}")
    return desk.extract("erp", "customer", f"{day}{attempt}")


def test_every_third_night_everything_is_pulled_and_a_date_run_twice_counts_once(desk, execute):
    attempts = [(1, ""), (2, ""), (2, "b"), (3, ""), (3, "b"), (4, ""), (4, "b"), (5, ""), (6, ""), (7, "")]
    whole = [night(desk, day, attempt).is_full_pull for day, attempt in attempts]
    assert whole == [True, False, False, False, False, True, False, False, False, True]


def test_deleted_rows_go_at_the_next_reconciliation_and_stay_in_the_history(desk, execute):
    night(desk, 1)
    execute("delete from customers where id in (3, 4, 200)")
    assert [night(desk, day).rows_deleted for day in (2, 3)] == [0, 0]
    assert desk.scalar("select count(*) from landing.customer") == ROWS
    result = night(desk, 4)
    assert (result.rows_deleted, result.rows_held, result.rows_missed) == (3, ROWS - 3, 0)
    kept = "select key, row->>'customer_name', superseded_by, run_id from landing.landing_history order by key::integer"
    assert desk.rows(kept) == [
        ("3", "N", "delete", "4"), ("4", "N", "delete", "4"), ("200", "N", "delete", "4"),
    ]  # fmt: skip
    assert result.marker_after == result.marker_before
    execute("insert into customers values (3, 'back', '2024-01-01')")
    assert [night(desk, day).rows_landed for day in (5, 6, 7)] == [0, 0, 1]
    assert desk.scalar("select customer_name from landing.customer where customer_id = '3'") == "back"


def test_a_flag_works_every_night_and_beside_it_a_reconciliation_finds_what_no_marker_shows(desk, execute):
    """A row deleted outright, one that stops meeting `where`, and one marked without a new marker."""
    execute("alter table customers add deleted char(1), add kind text default 'real'")
    flagged = MAPPING.replace("{reconcile", "{flag: deleted, values: [X], reconcile")
    desk.source(
        "erp",
        desk.settings.sources["erp"],
        flagged.replace("        change", "        where: kind = 'real'\n        change", 1),
    )
    night(desk, 1)
    execute("update customers set deleted = 'X', changed = '2024-03-01' where id = 3")
    execute("delete from customers where id = 4")
    execute("update customers set kind = 'test', changed = '2024-03-01' where id = 5")
    execute("update customers set deleted = 'X' where id = 6")
    found = [night(desk, day) for day in (2, 3, 4)]
    assert [(result.rows_landed, result.rows_deleted) for result in found] == [(1, 1), (0, 0), (1, 3)]
    assert all(result.rows_read == result.rows_landed + result.rows_unchanged for result in found)
    gone = desk.rows("select key from landing.landing_history order by key::integer")
    assert [key for (key,) in gone] == ["3", "4", "5", "6"]
    assert found[-1].rows_held == ROWS - 4


def test_a_change_that_leaves_the_marker_alone_is_found_and_reported(desk, execute, caplog):
    night(desk, 1)
    execute("update customers set name = 'changed' where id in (5, 6)")
    execute("insert into customers values (1000, 'late', '2024-01-02')")
    execute("update customers set name = 'changed', changed = '2024-03-01' where id = 7")
    assert [night(desk, day).rows_landed for day in (2, 3)] == [1, 0]
    result = night(desk, 4)
    assert (result.rows_read, result.rows_landed, result.rows_missed) == (ROWS + 1, 3, 3)
    assert "erp.customer: 3 changes that the change marker changed did not show" in caplog.text
    counts = desk.scalar("select rows_extracted->'customer' from published.run where run_id = '4'")
    assert counts == {
        "read": ROWS + 1, "landed": 3, "unchanged": ROWS - 2, "rejected": 0, "deleted": 0, "missed": 3, "ambiguous": 0
    }  # fmt: skip
    assert night(desk, 4, "again").rows_missed == 0


def test_most_rows_gone_are_refused_and_what_was_landed_stands(desk, execute):
    for day in (1, 2, 3):
        night(desk, day)
    execute(f"delete from customers where id <= {ROWS * 6 // 10}")
    with pytest.raises(ExtractionError, match=r"120 of 200 landed rows are no longer delivered, more than the 50%"):
        night(desk, 4)
    assert desk.scalar("select count(*) from landing.customer") == ROWS
    assert desk.rows("select * from landing.landing_history") == []
    assert desk.rows("select 1 from control.extraction where run_id = '4'") == []
    desk.settings.deleted_share_limit = 1
    assert night(desk, 4).rows_deleted == 120


def test_an_emptied_source_is_refused_the_very_night(desk, execute):
    night(desk, 1)
    execute("truncate customers")
    with pytest.raises(ExtractionError, match=r"erp\.customer: the source is empty and 200 rows of it are landed"):
        night(desk, 2)
    assert desk.scalar("select count(*) from landing.customer") == ROWS


def test_a_night_without_any_change_is_not_taken_for_an_emptied_source(desk, execute):
    night(desk, 1)
    execute("update customers set changed = timestamp '2023-01-01'")
    assert night(desk, 2).rows_read == 0


def test_every_row_is_accounted_for_on_reconciliation_too(desk, execute):
    execute("alter table customers drop constraint customers_pkey")
    execute("insert into customers values (7, 'twice', '2024-01-01'), (300, null, '2024-01-01'), (301, '', null)")
    for day in (1, 2, 3, 4):
        result = night(desk, day)
        assert result.rows_read == result.rows_landed + result.rows_unchanged + result.rows_rejected
        read = execute("select count(*) from customers").fetchone()[0] if result.is_full_pull else result.rows_read
        assert result.rows_read == read
    assert [row[0] for row in desk.rejected("key")] == ["300", "301", "7", "7"]
    execute("update customers set name = 'mended' where id in (300, 301); delete from customers where name = 'twice'")
    # 301 has no marker and is read every night; the others are asked for by their keys
    assert [night(desk, day).rows_landed for day in (5, 6, 7)] == [3, 0, 0]
    assert desk.rejected() == []


def test_a_backfill_lands_older_rows_removes_nothing_and_leaves_the_watermark(desk, execute):
    night(desk, 1)
    before = desk.watermark("erp", "customer")
    execute("delete from customers where id = 9")
    execute("update customers set name = 'older' where id in (10, 150)")
    desk.start("backfill")
    reach = Reach(back_to=datetime.fromisoformat("2024-01-10T00:00:00+08:00"))
    (result,) = extract_source(desk.settings, desk.engine, "erp", "backfill", ["customer"], reach)
    assert (result.rows_landed, result.rows_deleted, result.is_full_pull) == (1, 0, False)
    assert desk.watermark("erp", "customer") == before
    assert desk.rows("select customer_id from landing.customer where customer_name = 'older'") == [("150",)]


def test_a_backfill_from_a_day_after_the_watermark_leaves_out_nothing_that_changed_before(desk, execute):
    night(desk, 1)
    execute("update customers set name = 'newer', changed = '2024-01-17 17:00' where id = 5")
    execute("update customers set name = 'newest', changed = '2024-02-20 10:00' where id = 6")
    desk.start("backfill")
    reach = Reach(back_to=datetime.fromisoformat("2024-02-15T00:00:00+08:00"))
    (result,) = extract_source(desk.settings, desk.engine, "erp", "backfill", ["customer"], reach)
    assert result.marker_after == "2024-02-20T02:00:00+00:00"
    changed = "select customer_name from landing.customer where customer_name <> 'N' order by 1"
    assert desk.rows(changed) == [("newer",), ("newest",)]


def test_a_reload_brings_landing_to_what_the_source_holds(desk, execute):
    night(desk, 1)
    execute("delete from customers where id = 9")
    execute("update customers set name = 'silent' where id = 10")
    desk.start("reload")
    (result,) = extract_source(desk.settings, desk.engine, "erp", "reload", ["customer"], Reach(is_whole=True))
    assert (result.rows_landed, result.rows_deleted, result.is_full_pull) == (1, 1, True)
    assert desk.watermark("erp", "customer") == result.marker_before
