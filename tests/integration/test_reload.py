"""`cvp sources reload` and `cvp sources backfill`: rows landed by hand, beside the nights and never into one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import date

import pytest
import sqlalchemy as sa

from pipelines.extract import ExtractionError, extract_entity
from pipelines.extract.landing import Landing
from pipelines.night import ledger
from pipelines.night.reload import backfill_source, reload_entity
from pipelines.night.summary import latest_run
from pipelines.settings import PROJECT
from tests.integration.extracting import desk_for

MAPPING = """
    kind: sqlite
    time_zone: Asia/Shanghai
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 60}
        columns: {customer_id: id, customer_name: name}
      product:
        table: products
        change_marker: {column: id, type: id, overlap_ids: 1}
        columns: {product_id: id, product_family: name}
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    found = desk_for(module_warehouse, tmp_path)
    found.run("delete from control.night")
    found.source("crm", str(tmp_path / "crm.sqlite"), MAPPING)
    at_source(found, "create table customers (id, name, changed); create table products (id, name);")
    at_source(found, "insert into products values (1, 'steel'), (2, 'wire');")
    at_source(found, "insert into customers values (1, 'One', '2024-01-01 10:00'), (2, 'Two', '2024-01-31 10:00');")
    found.extract("crm", "customer")
    found.extract("crm", "product")
    return found


def at_source(desk, sql: str) -> None:
    """In a process of its own: two libraries of SQLite in one process undo each other's locks."""
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
    subprocess.run([sys.executable, "-c", script, desk.settings.sources["crm"], sql], check=True)


def cvp(desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "CVP_HOME": str(desk.settings.home),
        "CVP_WAREHOUSE_DATABASE": desk.settings.warehouse_database,
        "CVP_SOURCES__crm": desk.settings.sources["crm"],
        "CVP_MAPPING_FOLDERS": str(desk.folder),
        "PYTHONPATH": str(PROJECT),
    }
    command = [sys.executable, "-m", "pipelines", "sources", *arguments]
    return subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_a_reload_lands_what_the_source_holds_and_stands_in_the_ledger(desk):
    before = desk.watermark("crm", "customer")
    at_source(desk, "update customers set name = 'silent' where id = 1; delete from customers where id = 2;")
    done = cvp(desk, "reload", "crm", "customer")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "published nights stand as they are" in done.stdout
    assert desk.landed("customer", "customer_id, customer_name") == [("1", "silent")]
    assert desk.watermark("crm", "customer") == before
    ((kind, status, counts),) = desk.rows(
        "select kind, status, rows_extracted->'customer' from published.run where kind <> 'night'"
    )
    assert (kind, status) == ("reload", "landed")
    assert (counts["read"], counts["landed"], counts["deleted"]) == (1, 1, 1)
    with desk.engine.connect() as connection:
        assert latest_run(connection) == "night"


def test_a_backfill_reads_from_the_date_on_and_the_watermark_stays(desk):
    before = desk.watermark("crm", "customer")
    at_source(desk, "insert into customers values (3, 'Old', '2023-06-01 10:00'), (4, 'Older', '2022-06-01 10:00');")
    done = cvp(desk, "backfill", "crm", "customer", "--from", "2023-01-01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.landed("customer", "customer_id") == [("1",), ("2",), ("3",)]
    assert desk.watermark("crm", "customer") == before
    assert desk.rows("select kind, is_full_pull from control.extraction join control.run using (run_id)"
                     " where entity = 'customer' order by kind") == [("backfill", False), ("night", True)]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("backfill", "crm", "--from", "soon"), 2, "is no date"),
        (("backfill", "crm", "--from", "2023-01-01"), 1, "crm.product: its change marker is a number"),
        (("reload", "crm", "invoice"), 1, "does not map it"),
        (("reload", "nowhere", "customer"), 2, "there is no mapping 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(desk, arguments, code, said):
    before = desk.rows("select * from landing.customer order by 2")
    done = cvp(desk, *arguments)
    assert done.returncode == code
    assert said in " ".join((done.stdout + done.stderr).split())
    assert desk.rows("select * from landing.customer order by 2") == before


def test_a_reload_that_fails_is_closed_as_failed_and_changes_nothing(desk):
    at_source(desk, "alter table customers rename column name to title;")
    with pytest.raises(ExtractionError, match="has no column 'name'"):
        reload_entity(desk.settings, desk.engine, "crm", "customer")
    ((status, message),) = desk.rows("select status, message from published.run where kind = 'reload'")
    assert status == "failed"
    assert "has no column 'name'" in message
    assert len(desk.rows("select * from landing.customer")) == 2


def test_while_a_step_is_at_work_or_a_night_is_half_read_nothing_is_landed_by_hand(desk):
    desk.run(
        "insert into control.night (is_current, run_id, as_of_date, source_systems, company_time_zone,"
        " reporting_currency, active_window_months, capital_cost_rate, tier_scheme, churn_horizon_days,"
        " churn_high_odds, churn_medium_odds) values (true, 'night', '2024-01-31', '{crm}', 'Asia/Shanghai', 'CNY',"
        " 24, 0, 'three_tier', 180, 4, 2)"
    )
    with (
        ledger.step(desk.engine, "night", "extract_source[crm]"),
        pytest.raises(ledger.RunRefused, match=r"run night, step extract_source\[crm\] is at work"),
    ):
        reload_entity(desk.settings, desk.engine, "crm", "customer")
    done = cvp(desk, "reload", "crm", "customer")
    assert done.returncode == 2
    assert "between its extraction and its staging" in " ".join(done.stdout.split())
    with ledger.step(desk.engine, "night", "build_staging"):
        pass
    assert reload_entity(desk.settings, desk.engine, "crm", "customer").rows_unchanged == 2


def test_a_night_that_begins_while_rows_are_landed_by_hand_is_refused_not_mixed_in(desk, monkeypatch):
    landing, go_on = threading.Event(), threading.Event()
    original = Landing.land

    def land(work):
        landing.set()
        assert go_on.wait(30)
        return original(work)

    monkeypatch.setattr(Landing, "land", land)
    by_hand = threading.Thread(target=reload_entity, args=(desk.settings, desk.engine, "crm", "customer"))
    by_hand.start()
    assert landing.wait(30)
    with pytest.raises(ledger.RunRefused), ledger.exclusive(desk.engine):
        pass
    go_on.set()
    by_hand.join(30)
    with ledger.exclusive(desk.engine):
        pass


def test_a_reload_lets_readers_see_the_rows_of_before_until_it_is_done(desk, monkeypatch):
    merged, go_on = threading.Event(), threading.Event()
    original = Landing._account

    def account(work, outcome):
        merged.set()
        assert go_on.wait(30)
        return original(work, outcome)

    monkeypatch.setattr(Landing, "_account", account)
    at_source(desk, "update customers set name = 'new'; insert into customers values (3, 'new', '2024-01-31 11:00');")
    by_hand = threading.Thread(target=reload_entity, args=(desk.settings, desk.engine, "crm", "customer"))
    by_hand.start()
    try:
        assert merged.wait(30)
        with desk.engine.connect() as reader:
            reader.exec_driver_sql("set lock_timeout = '1s'")
            names = "select customer_name from landing.customer order by 1"
            seen = [row[0] for row in reader.exec_driver_sql(names)]
    finally:
        go_on.set()
        by_hand.join(30)
    assert seen == ["One", "Two"]
    assert desk.rows(names) == [("new",)] * 3


def test_a_long_backfill_beside_the_nights_loses_no_update_and_moves_no_watermark_back(desk):
    """The lock of an entity lets one in at a time, whoever comes first; the newest version wins."""
    failures: list[BaseException] = []

    def nights():
        try:
            for number in range(5):
                at_source(desk, f"update customers set name = 'v{number}', changed = '2024-02-{number + 1:02} 10:00';")
                desk.start(f"n{number}")
                extract_entity(desk.settings, desk.engine, "crm", "customer", f"n{number}")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    def backfills():
        for day in range(1, 11):
            try:
                backfill_source(desk.settings, desk.engine, "crm", ["customer"], date(2023, 6, day))
            except BaseException as error:  # noqa: BLE001 - shown by the assertion
                failures.append(error)

    seen = []
    threads = [threading.Thread(target=work) for work in (nights, backfills)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.append(desk.watermark("crm", "customer"))
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == sorted(seen)
    assert desk.watermark("crm", "customer") == "2024-02-05T02:00:00+00:00"
    assert desk.rows("select distinct customer_name from landing.customer") == [("v4",)]
    with desk.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from control.run where status = 'landed'")) == 10
