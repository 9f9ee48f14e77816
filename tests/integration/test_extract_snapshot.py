"""A source is read as it is at one moment: no order comes without its lines, whatever is committed meanwhile."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.extract import ExtractionError, extract_source
from pipelines.extract.engine import load_extension, open_engine, quote_text
from pipelines.extract.landing import Landing
from pipelines.extract.mysql import connection_string
from tests.integration.extracting import desk_for, text_table

LINES = 3
AT_ONCE = 40
MAPPING = """
    kind: {kind}
    entities:
      sales_order:
        table: orders
        change_marker: {{column: changed}}
        columns: {{order_id: id, customer_id: customer, ordered_on: day, is_cancelled: gone}}
      sales_order_line:
        table: lines
        change_marker: {{column: changed}}
        columns:
          order_id: id
          line_number: n
          product_id: product
          quantity: one
          unit_price: one
          is_cancelled: gone
"""
TABLES = [
    "create table orders (id integer primary key, customer varchar(9), day date, gone integer, changed timestamp)",
    "create table lines (id integer, n integer, product varchar(9), one integer, gone integer, changed timestamp,"
    " primary key (id, n))",
]
NOW = "'2024-01-31 12:00:00'"


def pair(number: int) -> list[str]:
    """The statements of one transaction: an order with its lines, and an older order cancelled with all of its own."""
    lines = ", ".join(f"({number}, {n}, 'P', 1, 0, {NOW})" for n in range(1, LINES + 1))
    older = number - AT_ONCE // 2
    return [
        f"insert into orders values ({number}, 'C', '2024-01-31', 0, {NOW})",
        f"insert into lines values {lines}",
        f"update orders set gone = 1 where id = {older}",
        f"update lines set gone = 1 where id = {older}",
    ]


class Writer(threading.Thread):
    """Commits pairs until told to stop."""

    def __init__(self, commit: Callable[[list[str]], None]) -> None:
        super().__init__(daemon=True)
        self.commit, self.written, self.is_told = commit, 0, threading.Event()

    def run(self) -> None:
        while not self.is_told.is_set():
            self.commit(pair(self.written + 1))
            self.written += 1
            time.sleep(0.002)

    def wait_for(self, more: int) -> None:
        goal, deadline = self.written + more, time.monotonic() + 60
        while self.written < goal:
            assert self.is_alive() and time.monotonic() < deadline, "the writer stands still"
            time.sleep(0.005)


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def postgres(server, desk):
    name = f"erp_{desk.settings.warehouse_database}"
    server.ensure_database(name, "erp_owner")
    with psycopg.connect(server.url("erp_owner", name)) as connection:

        def commit(statements: list[str]) -> None:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

        commit(["drop table if exists orders, lines", *TABLES])
        yield server.url("erp_owner", name), commit
    server.drop_database(name)


@pytest.fixture
def mysql(mariadb, desk):
    with open_engine(desk.settings) as engine:
        load_extension(engine, "mysql_scanner")
        url = mariadb.render_as_string(hide_password=False)
        engine.execute(f"attach {quote_text(connection_string(url))} as erp (type mysql)")

        def commit(statements: list[str]) -> None:
            engine.execute("begin")
            for statement in statements:
                engine.execute(f"call mysql_execute('erp', {quote_text(statement)})")
            engine.execute("commit")

        commit(["drop table if exists orders, `lines`"])
        commit([statement.replace("lines", "`lines`", 1) for statement in TABLES])
        yield url, lambda statements: commit([one.replace(" lines ", " `lines` ", 1) for one in statements])


@pytest.fixture
def sqlite(tmp_path):
    """Its writer is a process of its own, as in life: locks of a file hold between processes."""
    file = tmp_path / "crm.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("pragma journal_mode = wal")
        for statement in TABLES:
            connection.execute(statement)
    connection.close()
    script = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for line in sys.stdin:\n    for s in ['begin', *line.split(';'), 'commit']: c.execute(s)\n"
        "    print(flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout

    def commit(statements: list[str]) -> None:
        process.stdin.write(";".join(statements) + "\n")
        process.stdin.flush()
        process.stdout.readline()

    yield str(file), commit
    process.stdin.close()
    process.wait(10)


@contextmanager
def writing(commit: Callable[[list[str]], None], monkeypatch) -> Iterator[Writer]:
    """A writer at work; an extraction that has read one entity waits for it to go on before it reads the next."""
    writer = Writer(commit)
    original = Landing.read

    def read(landing, reader, source):
        original(landing, reader, source)
        writer.wait_for(AT_ONCE)

    monkeypatch.setattr(Landing, "read", read)
    writer.start()
    writer.wait_for(AT_ONCE)
    try:
        yield writer
    finally:
        writer.is_told.set()
        writer.join(30)


@pytest.mark.parametrize(
    ("database", "dialect"),
    [("postgres", None), ("mysql", None), ("sqlite", None), ("postgres", "postgresql+psycopg"),
     ("mysql", "mysql+pymysql"), ("sqlite", "sqlite")],
)  # fmt: skip
def test_orders_and_lines_agree_whatever_is_committed_meanwhile(desk, database, dialect, request, monkeypatch):
    location, commit = request.getfixturevalue(database)
    if dialect is not None:
        url = sa.make_url(location if "://" in location else f"sqlite:///{location}").set(drivername=dialect)
        location = url.render_as_string(hide_password=False)
    desk.source("erp", location, MAPPING.format(kind="sqlalchemy" if dialect else database))
    seen = []
    with writing(commit, monkeypatch) as writer:
        for night in ("first", "second", "third"):
            desk.start(night)
            extract_source(desk.settings, desk.engine, "erp", night)
            assert torn_orders(desk) == []
            seen.append(int(desk.scalar("select count(*) from landing.sales_order")))
    assert seen[0] >= AT_ONCE
    assert sorted(set(seen)) == seen, "each night has seen more than the one before"
    monkeypatch.undo()
    desk.start("last")
    extract_source(desk.settings, desk.engine, "erp", "last")
    assert desk.scalar("select count(*) from landing.sales_order") == writer.written
    assert desk.scalar("select count(*) from landing.sales_order_line") == writer.written * LINES
    assert torn_orders(desk) == []


def torn_orders(desk) -> list[tuple]:
    """Orders that have not exactly their lines in their own state, and lines without an order."""
    return desk.rows(
        "select order_id, count(l.order_id) as lines, bool_and(o.is_cancelled = l.is_cancelled) as agree"
        " from landing.sales_order as o full join landing.sales_order_line as l using (order_id) group by order_id"
        f" having count(l.order_id) <> {LINES} or count(o.order_id) <> {LINES}"
        " or not bool_and(o.is_cancelled = l.is_cancelled)"
    )


def test_a_source_of_which_one_entity_fails_lands_nothing_at_all(desk, postgres):
    location, commit = postgres
    commit(pair(1))
    desk.source("erp", location, MAPPING.format(kind="postgres"))
    desk.start("night")
    commit(["alter table lines rename column n to number"])
    with pytest.raises(ExtractionError, match=r"erp\.sales_order_line: lines has no column 'n'"):
        extract_source(desk.settings, desk.engine, "erp", "night")
    assert desk.rows("select 1 from landing.sales_order union all select 1 from control.watermark") == []
    commit(["alter table lines rename column number to n"])
    results = extract_source(desk.settings, desk.engine, "erp", "night")
    assert [(result.entity, result.rows_landed) for result in results] == [("sales_order", 1), ("sales_order_line", 3)]


def test_an_extraction_holds_nothing_at_the_source_while_it_merges(desk, postgres, monkeypatch):
    location, commit = postgres
    commit(pair(1))
    desk.source("erp", location, MAPPING.format(kind="postgres"))
    desk.start("night")
    held = []
    original = Landing.land
    transactions = "select from pg_stat_activity where application_name = 'cvp-extract' and xact_start is not null"

    def land(landing):
        with psycopg.connect(location) as connection:
            held.append(connection.execute(transactions).fetchall())
        return original(landing)

    monkeypatch.setattr(Landing, "land", land)
    extract_source(desk.settings, desk.engine, "erp", "night")
    assert held == [[], []]


def test_a_file_that_changes_while_the_folder_is_read_makes_the_try_fail(desk, tmp_path, monkeypatch):
    data = tmp_path / "data"
    text_table(data, "sales_order.csv", "order_id,customer_id,ordered_on\nO1,C1,2024-01-01\n")
    text_table(data, "sales_order_line.csv", "order_id,line_number,product_id,quantity,unit_price\nO1,1,P,1,1\n")
    desk.source("canonical", str(data))
    desk.start("night")
    original = Landing.read

    def read(landing, reader, source):
        original(landing, reader, source)
        if landing.sql.contract.name == "sales_order_line":
            text_table(data, "sales_order.csv", "order_id,customer_id,ordered_on\nO1,C1,2024-01-01\nO2,C1,2024-01-01\n")

    monkeypatch.setattr(Landing, "read", read)
    with pytest.raises(ExtractionError, match=r"sales_order\.csv was changed while it was read") as error:
        extract_source(desk.settings, desk.engine, "canonical", "night")
    assert not error.value.is_lasting
    monkeypatch.undo()
    extract_source(desk.settings, desk.engine, "canonical", "night")
    assert desk.landed("sales_order", "order_id") == [("O1",), ("O2",)]
