"""MariaDB as a source: exact values, zero dates, zones, increments."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipelines.extract import ExtractionError
from pipelines.extract.engine import load_extension, open_engine, quote_text
from pipelines.extract.mysql import MysqlSource, connection_string
from pipelines.extract.opening import open_source
from pipelines.settings import Settings
from pipelines.sources.reading import read_mapping
from tests.integration.extracting import desk_for

MAPPING = """
    kind: mysql
    time_zone: Europe/Berlin
    entities:
      sales_order:
        table: orders
        change_marker: {{column: {marker}, type: {type}, overlap_minutes: 0, overlap_ids: 1}}
        columns: {{order_id: id, customer_id: customer, ordered_on: day, is_cancelled: gone, salesperson_id: person}}
      customer:
        table: customers
        columns: {{customer_id: id, customer_name: name, credit_limit: lim, customer_since_on: since}}
"""


@pytest.fixture
def execute(mariadb):
    """Run statements in an emptied source."""
    with open_engine(Settings()) as engine:
        load_extension(engine, "mysql_scanner")
        url = mariadb.render_as_string(hide_password=False)
        engine.execute(f"attach {quote_text(connection_string(url))} as erp (type mysql)")

        def run(sql: str) -> duckdb.DuckDBPyConnection:
            return engine.execute(f"call mysql_execute('erp', {quote_text(sql)})")

        run("drop table if exists orders, customers")
        yield run


@pytest.fixture
def desk(module_warehouse, tmp_path, mariadb):
    found = desk_for(module_warehouse, tmp_path)
    location = mariadb.render_as_string(hide_password=False)
    found.source("erp", location, MAPPING.format(marker="changed", type="timestamp"))
    return found


def test_values_arrive_exact_and_zero_dates_are_set_aside(desk, execute):
    execute("create table customers (id bigint unsigned, name varchar(200), lim decimal(60, 20), since date)")
    execute(
        "insert into customers values"
        " (18446744073709551615, '名 😀 \"q\" \\\\ \\n.', 1234567890123456789012345678901234567890.5, null),"
        " (2, 'B', 0.00000000000000000001, '2024-01-31'), (3, 'C', 1, '0000-00-00')"
    )
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name, credit_limit, customer_since_on") == [
        ("18446744073709551615", '名 😀 "q" \\ \n.', Decimal("1234567890123456789012345678901234567890.5"), None),
        ("2", "B", Decimal("1e-20"), date(2024, 1, 31)),
    ]
    assert desk.rejected() == [("3", "customer_since_on is no date")]


def test_doubles_come_by_their_shortest_text_and_a_nul_sets_its_row_aside(desk, execute):
    execute("create table customers (id double, name text, lim double, since datetime)")
    execute("insert into customers values (17850, 'A', 0.1, '2024-01-31 16:30:00'), (2, 'a\\0b', 1e300, null)")
    desk.extract("erp", "customer")
    found = desk.landed("customer", "customer_id, credit_limit, customer_since_on")
    # 16:30 in Berlin is 23:30 of the same day in Shanghai
    assert found == [("17850", Decimal("0.1"), date(2024, 1, 31))]
    assert desk.rejected() == [("2", "customer_name holds a NUL byte or is no UTF-8")]


def test_a_number_of_single_precision_keeps_all_its_digits(desk, execute):
    """The server's own text of a FLOAT has six, which makes other money of it."""
    execute("create table customers (id float, name text, lim float, since date)")
    amounts = ["1234567.75", "0.1", "19.99", "16777216", "123456.79", "-0.3", "1e30", "0", "null"]
    rows = ", ".join(f"({number}, 'A', {amount}, null)" for number, amount in enumerate(amounts, 1000001))
    execute(f"insert into customers values {rows}")
    desk.extract("erp", "customer")
    landed = desk.landed("customer", "customer_id, credit_limit")
    assert [name for name, _ in landed] == [str(number) for number in range(1000001, 1000010)]
    assert [amount for _, amount in landed] == [Decimal(text) if text != "null" else None for text in amounts]


def test_text_that_is_compared_byte_by_byte_is_text_and_bytes_that_are_no_text_stay_what_they_are(desk, execute):
    """The server would make `?` or null of them: two keys could become one, a value another."""
    execute(
        "create table customers (id varbinary(16), name varchar(20) character set gbk collate gbk_bin, lim bit(12),"
        " since varchar(10) collate utf8mb4_bin)"
    )
    execute(
        "insert into customers values ('名', '宝钢', b'100000000001', '2024-01-31'), (x'81ff', 'B', b'0', null),"
        " (x'82FF', null, null, null)"
    )
    file = desk.folder / "erp.yml"
    for origin in ("table: customers", "query: select id, name, lim + 0 as lim, since from customers"):
        file.write_text(file.read_text("utf-8").replace("table: customers", origin), "utf-8")
        with open_engine(desk.settings) as engine:
            source = open_source(desk.settings, engine, mapping := read_mapping(file))
            types = source.columns(mapping.entities["customer"])
            assert (types["id"], types["name"], types["since"]) == ("BLOB", "VARCHAR", "VARCHAR")
        desk.extract("erp", "customer", origin.partition(":")[0])
        assert desk.landed("customer", "customer_id, customer_name, credit_limit, customer_since_on") == [
            ("0x81FF", "B", Decimal(0), None), ("名", "宝钢", Decimal(2049), date(2024, 1, 31)),
        ]  # fmt: skip
        assert desk.rejected() == [("0x82FF", "customer_name is missing")]


def test_what_a_servers_own_tables_give_as_bytes_is_text(desk):
    with open_engine(desk.settings) as engine:
        source = open_source(desk.settings, engine, read_mapping(desk.folder / "erp.yml"))
        assert isinstance(source, MysqlSource)
        assert source.rows("select cast('名' as binary) as name, null as nothing, 'a' as a") == [("名", None, "a")]
        assert source.rows("select cast(1 as char) as one") == [("1",)]


def test_a_row_at_which_the_sql_of_a_mapping_fails_is_thought_of(desk, execute):
    """The scanner gives no reason for what a server says among the rows."""
    execute("create table customers (id int, name text, lim int unsigned, since date)")
    execute("insert into customers values (1, 'A', 1, null), (2, 'B', 0, null)")
    file = desk.folder / "erp.yml"
    query = "query: select id, name, lim - 1 as lim, since from customers"
    file.write_text(file.read_text("utf-8").replace("table: customers", query), "utf-8")
    with pytest.raises(ExtractionError, match="or its SQL fails at one of the rows"):
        desk.extract("erp", "customer")


def test_instants_are_instants_whatever_the_servers_zone_and_booleans_are_booleans(desk, execute):
    execute(
        "create table orders (id int, customer text, day timestamp null, gone tinyint(1), person bit(1),"
        " changed timestamp null)"
    )
    # the server's own zone is three hours east
    execute("insert into orders values (1, 'C', '2024-01-31 18:30:00', 1, b'1', null)")
    execute("insert into orders values (2, 'C', '2024-01-31 19:30:00', 0, b'0', null)")
    desk.extract("erp", "sales_order")
    assert desk.landed("sales_order", "order_id, ordered_on, is_cancelled, salesperson_id") == [
        ("1", date(2024, 1, 31), True, "1"),
        ("2", date(2024, 2, 1), False, "0"),
    ]


@pytest.mark.parametrize("column_type", ["timestamp(6) null", "datetime(6)"])
def test_later_pulls_read_from_the_watermark_on(desk, execute, column_type):
    execute(f"create table orders (id int, customer text, day date, gone bool, person text, changed {column_type})")
    execute("insert into orders values (1, 'C', '2024-01-31', 0, null, '2024-01-31 10:00:00')")
    execute("insert into orders values (2, 'C', '2024-01-31', 0, null, '2024-01-31 20:00:00.123456')")
    assert desk.extract("erp", "sales_order").rows_landed == 2
    execute("insert into orders values (3, 'C', '2024-01-31', 0, null, '2024-01-31 20:00:00.123457')")
    execute("insert into orders values (4, 'C', '2024-01-31', 0, null, null)")
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_read, second.rows_landed, second.is_full_pull) == (3, 2, False)


def test_what_is_read_is_not_compressed_on_its_way(desk, execute):
    """Compressing takes the server three times as long as reading, and is the scanner's default."""
    status = "select '1' as id, variable_value as name from information_schema.session_status"
    desk.source(
        "erp", desk.settings.sources["erp"],
        f"""
    kind: mysql
    time_zone: UTC
    entities:
      customer:
        query: {status} where variable_name = 'COMPRESSION'
        columns: {{customer_id: id, customer_name: name}}
    """,
    )  # fmt: skip
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_name") == [("OFF",)]


def test_a_growing_number_is_a_marker_too(desk, execute):
    desk.source("erp", desk.settings.sources["erp"], MAPPING.format(marker="id", type="id"))
    execute("create table orders (id int, customer text, day date, gone bool, person text)")
    execute("insert into orders values (1, 'C', '2024-01-31', 0, null), (9, 'C', '2024-01-31', 0, null)")
    desk.extract("erp", "sales_order")
    execute("insert into orders values (10, 'C', '2024-01-31', 0, null)")
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_read, second.rows_landed, second.marker_after) == (2, 1, "10")


def test_a_missing_table_and_a_wrong_password_are_named(desk, mariadb):
    with pytest.raises(ExtractionError, match=r"erp\.customer: the source has no table customers"):
        desk.extract("erp", "customer")
    desk.settings.sources["erp"] = mariadb.set(password="wr0ng-secret").render_as_string(hide_password=False)  # noqa: S106
    with pytest.raises(ExtractionError, match="Access denied") as error:
        desk.extract("erp", "customer")
    assert "wr0ng-secret" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "too_long"),
    [("mysql", "the server ended the statement and gives no reason: it took longer than source_statement_s"),
     ("sqlalchemy", "max_statement_time exceeded")],
)  # fmt: skip
def test_a_statement_that_takes_too_long_or_writes_is_ended_by_the_source(desk, execute, mariadb, kind, too_long):
    execute("create table customers (id int, name text, lim int, since date)")
    execute("insert into customers values (1, 'A', 1, null)")
    execute("drop function if exists scribble")
    execute(
        "create function scribble() returns int modifies sql data begin insert into customers values (2, 'B', 1, null);"
        " return 1; end"
    )
    file = desk.folder / "erp.yml"
    text = file.read_text("utf-8").replace("kind: mysql", f"kind: {kind}")
    if kind == "sqlalchemy":
        url = mariadb.set(drivername="mysql+pymysql")
        desk.settings.sources["erp"] = url.render_as_string(hide_password=False)
    desk.settings.source_statement_seconds = 1
    file.write_text(text.replace("table: customers", "table: customers\n    where: sleep(30) = 0"), "utf-8")
    began = time.monotonic()
    with pytest.raises(ExtractionError, match=too_long):
        desk.extract("erp", "customer")
    assert time.monotonic() - began < 20
    file.write_text(text.replace("table: customers", "table: customers\n    where: scribble() = 1"), "utf-8")
    with pytest.raises(ExtractionError, match="Cannot execute statement in a READ ONLY transaction"):
        desk.extract("erp", "customer")
    desk.settings.source_statement_seconds = 0
    file.write_text(text, "utf-8")
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, credit_limit") == [("1", Decimal(1))]
