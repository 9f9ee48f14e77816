"""Dates and change markers across time zones: the company's date whatever the server's zone, and every hour once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack
from datetime import date

import duckdb
import psycopg
import pytest

from pipelines.extract.clock_shifts import unclear_hours
from pipelines.extract.engine import load_extension, open_engine, quote_text
from pipelines.extract.mysql import connection_string
from tests.api_server import serve
from tests.integration.extracting import desk_for, text_table

MAPPING = """
    kind: {kind}
    time_zone: {zone}
    entities:
      sales_order:
        table: {table}
        {marker}
        columns: {{order_id: id, customer_id: customer, ordered_on: day}}
"""
MARKER = "change_marker: {column: day, overlap_minutes: 0}"
# Every quarter of an hour of the two nights in which Berlin's clocks shift, as they stood on the wall.
SPRING = [f"2024-03-31 {hour:02}:{minute:02}:00" for hour in (0, 1, 3, 4) for minute in (0, 15, 30, 45)]
AUTUMN = [f"2024-10-27 {hour:02}:{minute:02}:00" for hour in (0, 1, 2, 2, 3) for minute in (0, 15, 30, 45)]
SKIPPED = "2024-03-31 02:30:00"
NIGHTS = [*SPRING, *AUTUMN, SKIPPED]
KINDS = ["postgres", "mysql", "sqlite", "files", "duckdb", "sqlalchemy", "rest"]


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def fill(request, desk, tmp_path):
    """Fills the source `erp` of a kind with orders at these local times, and places it."""
    opened = []

    def filled(kind: str, zone: str, texts: list[str]) -> None:
        rows = [(number, "C", text) for number, text in enumerate(texts)]
        places = {"postgres": postgres, "mysql": mysql, "sqlite": sqlite, "files": files, "duckdb": duck,
                  "sqlalchemy": lambda rows: f"sqlite:///{sqlite(rows)}", "rest": rest}  # fmt: skip
        place = places[kind](rows)
        marker = "" if kind == "files" else MARKER
        table = "items" if kind == "rest" else "orders"
        if kind == "rest":
            marker += "\n        rest: {records: data.items}"
        desk.source("erp", place, MAPPING.format(kind=kind, zone=zone, marker=marker, table=table))

    def postgres(rows):
        server = request.getfixturevalue("server")
        name = f"erp_{desk.settings.warehouse_database}"
        server.ensure_database(name, "erp_owner")
        opened.append(lambda: server.drop_database(name))
        with psycopg.connect(server.url("erp_owner", name), autocommit=True) as connection:
            # the server's zone is nobody's
            connection.execute(f"alter database {name} set timezone = 'America/New_York'")
            connection.execute("create table orders (id int, customer text, day timestamp)")
            connection.cursor().executemany("insert into orders values (%s, %s, %s)", rows)
        return server.url("erp_owner", name)

    def mysql(rows):
        url = request.getfixturevalue("mariadb").render_as_string(hide_password=False)
        values = ", ".join(f"({number}, '{customer}', '{text}')" for number, customer, text in rows)
        with open_engine(desk.settings) as engine:
            load_extension(engine, "mysql_scanner")
            engine.execute(f"attach {quote_text(connection_string(url))} as erp (type mysql)")
            for sql in (
                "drop table if exists orders",
                "create table orders (id int, customer text, day datetime)",
                f"insert into orders values {values}",
            ):
                engine.execute(f"call mysql_execute('erp', {quote_text(sql)})")
        return url

    def sqlite(rows):
        with sqlite3.connect(tmp_path / "erp.sqlite") as connection:
            connection.execute("create table orders (id, customer, day)")
            connection.executemany("insert into orders values (?, ?, ?)", rows)
        connection.close()
        return str(tmp_path / "erp.sqlite")

    def files(rows):
        lines = "".join(f"{number},{customer},{text}\n" for number, customer, text in rows)
        text_table(tmp_path / "data", "orders.csv", "id,customer,day\n" + lines)
        return str(tmp_path / "data")

    def duck(rows):
        with duckdb.connect(str(tmp_path / "erp.duckdb")) as connection:
            connection.execute("create table orders (id int, customer text, day timestamp)")
            connection.executemany("insert into orders values (?, ?, ?)", rows)
        return str(tmp_path / "erp.duckdb")

    def rest(rows):
        api = serving.enter_context(serve())
        api.records = [json.dumps({"id": number, "customer": customer, "day": day}) for number, customer, day in rows]
        return api.url

    serving = ExitStack()
    opened.append(serving.close)
    yield filled
    for undo in opened:
        undo()


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_at_half_past_eleven_in_shanghai_counts_on_its_shanghai_date(desk, fill, kind):
    fill(kind, "Asia/Shanghai", ["2024-01-31 23:30:00", "2024-02-01 00:30:00"])
    assert desk.extract("erp", "sales_order").rows_ambiguous == 0
    assert desk.landed("sales_order", "order_id, ordered_on") == [("0", date(2024, 1, 31)), ("1", date(2024, 2, 1))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_nights_of_the_shifts_lose_no_hour_and_double_none_and_what_is_unclear_is_counted(desk, fill, kind):
    fill(kind, "Europe/Berlin", NIGHTS)
    first = desk.extract("erp", "sales_order")
    # the hour that comes twice, whichever of the two it is, and the time that never was
    assert (first.rows_landed, first.rows_ambiguous) == (len(NIGHTS), 9)
    assert dict(desk.rows("select ordered_on, count(*) from landing.sales_order group by 1")) == {
        date(2024, 3, 31): len(SPRING) + 1,
        date(2024, 10, 27): len(AUTUMN),
    }
    again = desk.extract("erp", "sales_order", "second")
    assert (again.rows_landed, again.rows_rejected) == (0, 0)


def test_seconds_and_milliseconds_since_1970_are_no_dates_until_the_mapping_says_which_they_are(desk, fill, tmp_path):
    # half past eleven in the evening in Shanghai, in both
    fill("sqlite", "UTC", ["1706715000", "1706715000000"])
    assert desk.extract("erp", "sales_order").rows_rejected == 2
    assert {reason for _, reason in desk.rejected()} == {"ordered_on is no date"}
    number = "cast(day as bigint)"
    expression = f"to_timestamp(case when {number} > 100000000000 then {number} / 1000 else {number} end)"
    file = desk.folder / "erp.yml"
    text = (
        file.read_text("utf-8")
        .replace(MARKER, "")
        .replace("ordered_on: day", f'ordered_on: {{expression: "{expression}"}}')
    )
    file.write_text(text, "utf-8")
    desk.extract("erp", "sales_order", "second")
    assert desk.landed("sales_order", "order_id, ordered_on") == [("0", date(2024, 1, 31)), ("1", date(2024, 1, 31))]


def test_a_row_of_the_hour_that_comes_twice_is_found_whenever_it_comes(desk, fill, server):
    fill("postgres", "Europe/Berlin", ["2024-10-27 02:45:00"])
    desk.extract("erp", "sales_order")
    with psycopg.connect(desk.settings.sources["erp"], autocommit=True) as connection:
        # the same hour, lived a second time: the wall clock has gone back
        connection.execute("insert into orders values (9, 'C', '2024-10-27 02:10:00')")
    assert desk.extract("erp", "sales_order", "second").rows_landed == 1


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("UTC", []),
        ("Asia/Shanghai", []),
        ("Europe/Berlin", ["2024-03-31 02", "2024-10-27 02"]),
        ("America/New_York", ["2024-03-10 02", "2024-11-03 01"]),
        ("Australia/Lord_Howe", ["2024-04-07 01", "2024-10-06 02"]),
    ],
)
def test_the_hours_that_are_unclear_are_those_of_the_zones_own_shifts(zone, hours):
    assert [hour for hour in unclear_hours(zone) if hour.startswith("2024")] == hours


def test_duckdb_reads_a_repeated_time_as_the_later_instant():
    """What `pipelines/sources/README.md` says of it."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        row = connection.execute(
            "select timezone('Europe/Berlin', timestamp '2024-10-27 02:30')::varchar,"
            " timezone('Europe/Berlin', timestamp '2024-03-31 02:30')::varchar"
        ).fetchone()
    assert row == ("2024-10-27 01:30:00+00", "2024-03-31 01:30:00+00")


def test_a_zone_that_is_mended_in_the_mapping_does_not_leave_the_watermark_ahead(desk, fill, tmp_path):
    fill("sqlite", "UTC", ["2024-01-31 12:00:00"])
    desk.extract("erp", "sales_order")
    mended = MAPPING.format(kind="sqlite", zone="Asia/Shanghai", marker=MARKER, table="orders")
    desk.source("erp", desk.settings.sources["erp"], mended)
    second = desk.extract("erp", "sales_order", "second")
    assert (second.is_full_pull, second.marker_after) == (True, "2024-01-31T04:00:00+00:00")
    with sqlite3.connect(desk.settings.sources["erp"]) as connection:
        connection.execute("insert into orders values (9, 'C', '2024-01-31 13:00:00')")
    connection.close()
    third = desk.extract("erp", "sales_order", "third")
    assert (third.rows_landed, third.is_full_pull) == (1, False)


def test_another_marker_in_the_mapping_does_not_leave_the_watermark_ahead(desk, tmp_path):
    with sqlite3.connect(tmp_path / "erp.sqlite") as connection:
        connection.execute("create table orders (id, customer, day, created)")
        connection.execute("insert into orders values (1, 'C', '2024-01-31 12:00:00', '2024-01-30 12:00:00')")
    for run, column in enumerate(("day", "created", "created")):
        marker = f"change_marker: {{column: {column}, overlap_minutes: 0}}"
        text = MAPPING.format(kind="sqlite", zone="UTC", marker=marker, table="orders")
        desk.source("erp", str(tmp_path / "erp.sqlite"), text)
        result = desk.extract("erp", "sales_order", f"run {run}")
        with connection:
            connection.execute(f"insert into orders values ({run + 2}, 'C', '2024-01-30', '2024-01-30 13:00:00')")
    connection.close()
    assert (result.rows_landed, result.is_full_pull) == (1, False)
