"""PostgreSQL as a source: exact values, the traps of its scanner, incremental pulls, hostile names, failures."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from pipelines.extract import ExtractionError
from pipelines.sources.reading import MappingError
from tests.integration.extracting import desk_for

PASSWORD = "p@ss w'rd:/%\\\"#?&=ü"  # noqa: S105 - of a role that lives as long as the test
LINES = """
    kind: postgres
    entities:
      sales_order_line:
        table: sd.vbap
        columns: {order_id: vbeln, line_number: posnr, product_id: matnr, quantity: kwmeng, unit_price: netpr}
"""
ORDERS = """
    kind: postgres
    time_zone: Europe/Berlin
    entities:
      sales_order:
        table: sd.vbak
        change_marker: {column: aedat, type: timestamp, overlap_minutes: 60}
        columns: {order_id: vbeln, customer_id: kunnr, ordered_on: audat}
"""


@pytest.fixture(scope="module")
def erp(server):
    """A database of its own, whose owner's password holds every character that a URL or a driver could trip over."""
    name, role = f"erp_{secrets.token_hex(4)}", f"owner_{secrets.token_hex(4)}"
    instance = server.start()
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(role), sql.Literal(PASSWORD)))
        admin.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(role)))
    url = sa.URL.create("postgresql", role, PASSWORD, "127.0.0.1", instance.port, name)
    yield url.render_as_string(hide_password=False)
    server.drop_database(name)
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture
def execute(erp):
    """Run statements in an emptied source."""
    url = sa.make_url(erp)
    place = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    with psycopg.connect(**place, password=PASSWORD, autocommit=True) as connection:
        connection.execute("drop schema if exists sd cascade")
        connection.execute("create schema sd")
        yield connection.execute


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


def test_an_unconstrained_numeric_arrives_exact_and_nan_and_infinity_are_set_aside(desk, erp, execute):
    execute("create table sd.vbap (vbeln text, posnr bigint, matnr text, kwmeng numeric, netpr numeric)")
    exact = [
        "9007199254740993.000000001", "0.1", "1e-20", "12345678901234567890123456789012345678901234567890.5", "0.005",
        "19.90", "1e25",
    ]  # fmt: skip
    for number, value in enumerate(exact):
        execute("insert into sd.vbap values ('O', %s, 'P', %s::numeric, %s::numeric)", [number, value, value])
    bad = ["NaN", "Infinity", "-Infinity", "-0.000000000000000000001"]
    for number, value in enumerate(bad):
        execute("insert into sd.vbap values ('BAD', %s, 'P', %s::numeric, 1)", [number, value])
    desk.source("erp", erp, LINES)
    result = desk.extract("erp", "sales_order_line")
    assert (result.rows_landed, result.rows_rejected) == (7, 4)
    landed = desk.landed("sales_order_line", "line_number, quantity, unit_price")
    assert [row[1] for row in landed] == [row[2] for row in landed] == [Decimal(value) for value in exact]
    assert [reason for _, reason in desk.rejected()] == ["quantity is no number"] * 3 + ["quantity must be above 0"]


def test_declared_decimals_land_exact_beside_rows_set_aside_and_deleted_in_the_same_block(desk, erp, execute):
    columns = "vbeln text, posnr int, matnr text, kwmeng numeric(18, 5), netpr numeric(9, 2), loevm bool"
    execute(f"create table sd.vbap ({columns})")
    fine = [
        ("0.00001", "0.00"), ("9999999999999.99999", "9999999.99"), ("1000", "10000"), ("12.5", "0.1"),
        ("0.10000", "10000.01"), ("123456789.00001", "99999.99"),
    ]  # fmt: skip
    bad = {"NaN": "quantity is no number", "-0.00001": "quantity must be above 0", "0": "quantity must be above 0"}
    for number, (quantity, price) in enumerate(fine):
        execute("insert into sd.vbap values ('A', %s, 'P', %s, %s, null)", [number, quantity, price])
        execute("insert into sd.vbap values ('D', %s, 'P', 1, 1, true)", [number])
    for number, quantity in enumerate(bad):
        execute("insert into sd.vbap values ('B', %s, 'P', %s, 1, false)", [number, quantity])
    execute("insert into sd.vbap values ('B', 9, 'P', 1, 'NaN', false)")
    execute("insert into sd.vbap values ('C', 1, null, 1, 1, false), ('C', 2, 'P', 1, 1, false)")
    desk.source("erp", erp, LINES + "        deletion: {flag: loevm}\n")
    result = desk.extract("erp", "sales_order_line")
    landed = desk.rows(
        "select order_id, line_number, quantity, unit_price, unit_cost from landing.sales_order_line order by 1, 2"
    )
    expected = [("A", number, Decimal(quantity), Decimal(price), None) for number, (quantity, price) in enumerate(fine)]
    assert landed == [*expected, ("C", 2, Decimal(1), Decimal(1), None)]
    reasons = desk.rows("select key, reason from landing.landing_rejected order by 1")
    assert reasons == [
        *((f"B\x1f{number}", reason) for number, reason in enumerate(bad.values())),
        ("B\x1f9", "unit_price is no number"),
        ("C\x1f1", "product_id is missing"),
    ]
    assert (result.rows_read, result.rows_landed, result.rows_rejected) == (18, 7, 5)


def test_whole_numbers_arrive_exact_and_an_integer_id_is_its_digits(desk, erp, execute):
    execute("create table sd.vbap (vbeln bigint, posnr bigint, matnr text, kwmeng float8, netpr real)")
    execute("insert into sd.vbap values (9007199254740993, 9223372036854775807, '00012', 17850, 0.1)")
    execute("insert into sd.vbap values (12, 1, ' P ', 0.30000000000000004, 2)")
    desk.source("erp", erp, LINES)
    desk.extract("erp", "sales_order_line")
    assert desk.landed("sales_order_line", "order_id, line_number, product_id, quantity, unit_price") == [
        ("12", 1, " P ", Decimal("0.30000000000000004"), Decimal(2)),
        ("9007199254740993", 2**63 - 1, "00012", Decimal(17850), Decimal("0.1")),
    ]


def test_a_numeric_id_beyond_bigint_is_set_aside_where_a_whole_number_is_asked(desk, erp, execute):
    execute("create table sd.vbap (vbeln numeric, posnr numeric, matnr text, kwmeng int, netpr int)")
    execute("insert into sd.vbap values (99999999999999999999999, 9223372036854775808, 'P', 1, 1), (1, 2.0, 'P', 1, 1)")
    desk.source("erp", erp, LINES)
    desk.extract("erp", "sales_order_line")
    assert desk.rejected() == [("99999999999999999999999\x1f9223372036854775808", "line_number is no whole number")]
    assert desk.landed("sales_order_line", "order_id, line_number") == [("1", 2)]


@pytest.mark.parametrize("column_type", ["date", "timestamp", "timestamptz"])
def test_infinite_dates_and_those_before_christ_are_set_aside(desk, erp, execute, column_type):
    execute(f"create table sd.vbak (vbeln text, kunnr text, audat {column_type}, aedat timestamp default '2024-01-01')")
    execute("insert into sd.vbak values ('1', 'C', '2024-01-31'), ('2', 'C', 'infinity'), ('3', 'C', '-infinity')")
    execute("insert into sd.vbak values ('4', 'C', '0044-03-15 BC'), ('5', 'C', '20240-01-01'), ('6', 'C', null)")
    desk.source("erp", erp, ORDERS)
    assert desk.extract("erp", "sales_order").rows_landed == 1
    assert [reason for _, reason in desk.rejected()] == ["ordered_on is no date"] * 4 + ["ordered_on is missing"]


def test_an_order_late_in_the_evening_counts_on_the_companys_date_whatever_the_servers_zone(desk, erp, execute):
    execute("create table sd.vbak (vbeln text, kunnr text, audat timestamptz, aedat timestamp)")
    execute("set timezone = 'America/New_York'")
    execute(f"alter database {sa.make_url(erp).database} set timezone = 'Asia/Kolkata'")
    execute(
        "insert into sd.vbak values ('1', 'C', '2024-01-31 23:30:00+08', null), ('2', 'C', '2024-01-31 17:00+01', null)"
    )
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    assert desk.landed("sales_order", "order_id, ordered_on") == [("1", date(2024, 1, 31)), ("2", date(2024, 2, 1))]


def test_times_without_zone_are_the_mappings_and_daylight_saving_loses_no_row(desk, erp, execute):
    execute("create table sd.vbak (vbeln text, kunnr text, audat timestamp, aedat timestamp)")
    execute(
        "insert into sd.vbak values ('1', 'C', '2024-01-31 16:59', null), ('2', 'C', '2024-01-31 17:00', null),"
        " ('3', 'C', '2024-03-31 02:30', '2024-03-31 02:30'), ('4', 'C', '2024-10-27 02:30', '2024-10-27 02:30')"
    )
    desk.source("erp", erp, ORDERS)
    assert desk.extract("erp", "sales_order").rows_landed == 4
    assert [row[0].day for row in desk.rows("select ordered_on from landing.sales_order order by order_id")] == [
        31,
        1,
        31,
        27,
    ]


def test_texts_arrive_as_they_are(desk, erp, execute):
    texts = [
        'a"b',
        "a'b",
        "back\\slash",
        "\\.",
        "tab\tnewline\nreturn\r\n\\.\nend",
        "\\N",
        "naïve 名 😀 \u202e",
        " pad ",
        ",;|",
    ]
    texts += ["x" * 1_000_000, "null", "NULL", '""']
    execute("create table sd.kna1 (kunnr int, name1 text, brsch text)")
    for number, text in enumerate(texts):
        execute("insert into sd.kna1 values (%s, %s, %s)", [number, text, text])
    mapping = """
        kind: postgres
        entities:
          customer:
            table: sd.kna1
            columns: {customer_id: kunnr, customer_name: name1, industry: brsch}
    """
    desk.source("erp", erp, mapping)
    desk.extract("erp", "customer")
    names = dict(desk.rows("select customer_id::int, customer_name from landing.customer"))
    assert [names[number] for number in range(len(texts))] == texts
    assert desk.extract("erp", "customer", "second").rows_unchanged == len(texts)


def test_an_empty_text_is_no_value(desk, erp, execute):
    execute("create table sd.kna1 (kunnr text, name1 text, brsch char(4), klimk text)")
    execute("insert into sd.kna1 values ('1', 'A', '', ' '), ('2', '', 'x', ''), ('', 'C', 'x', '1')")
    mapping = """
        kind: postgres
        entities:
          customer:
            table: sd.kna1
            columns: {customer_id: kunnr, customer_name: name1, industry: brsch, credit_limit: klimk}
    """
    desk.source("erp", erp, mapping)
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, industry, credit_limit") == [("1", None, None)]
    assert desk.rejected() == [("", "customer_id is missing"), ("2", "customer_name is missing")]


def test_codes_are_translated_and_an_unknown_one_sets_the_row_aside(desk, erp, execute):
    execute("create table sd.vbak (vbeln text, kunnr text, audat date, abstk char(1))")
    execute("insert into sd.vbak select c, 'C', '2024-01-31', c from unnest(array['A', 'C', 'X', 'N']) as c")
    execute("insert into sd.vbak values ('0', 'C', '2024-01-31', null)")
    mapping = """
        kind: postgres
        entities:
          sales_order:
            table: sd.vbak
            columns:
              order_id: vbeln
              customer_id: kunnr
              ordered_on: audat
              is_cancelled: {column: abstk, codes: {A: false, C: true, N: null}}
              currency: {constant: CNY}
    """
    desk.source("erp", erp, mapping)
    desk.extract("erp", "sales_order")
    found = [("0", None, "CNY"), ("A", False, "CNY"), ("C", True, "CNY"), ("N", None, "CNY")]
    assert desk.landed("sales_order", "order_id, is_cancelled, currency") == found
    assert desk.rejected() == [("X", "is_cancelled: code is not in the mapping")]


def test_an_expression_that_fails_for_a_row_sets_that_row_aside(desk, erp, execute):
    execute("create table sd.vbap (vbeln text, posnr int, matnr text, kwmeng text, netpr numeric, vrkme text)")
    execute(
        "insert into sd.vbap values ('1', 1, 'P', '1500', 1, 'KG'), ('2', 1, 'P', 'abc', 1, 'KG'),"
        " ('3', 1, 'P', '2', 1, 'T')"
    )
    mapping = """
        kind: postgres
        entities:
          sales_order_line:
            table: sd.vbap
            columns:
              order_id: vbeln
              line_number: posnr
              product_id: matnr
              quantity: {expression: "cast(kwmeng as decimal(18, 3)) * case VRKME when 'KG' then 0.001 else 1 end"}
              unit_price: netpr
    """
    desk.source("erp", erp, mapping)
    desk.extract("erp", "sales_order_line")
    assert desk.landed("sales_order_line", "order_id, quantity") == [("1", Decimal("1.5")), ("3", Decimal(2))]
    reads = {"quantity": {"kwmeng": "abc", "vrkme": "KG"}}
    columns = "reason, row->'expression_columns', row->'unit_price'"
    assert desk.rejected(columns) == [("quantity: the mapping's expression fails", reads, "1")]


def orders(execute, *rows: tuple[str, str]) -> None:
    """Insert or change orders: (number, change marker)."""
    for number, marker in rows:
        execute(
            "insert into sd.vbak values (%s, 'C', '2024-01-31', %s) on conflict (vbeln) do update set"
            " aedat = excluded.aedat, kunnr = 'changed'",
            [number, marker],
        )


@pytest.fixture
def order_table(execute):
    execute("create table sd.vbak (vbeln text primary key, kunnr text, audat date, aedat timestamp)")


def test_later_pulls_read_from_the_watermark_less_the_overlap_and_miss_no_tie(desk, erp, execute, order_table):
    orders(execute, *[(f"A{number}", "2024-01-31 12:00:00") for number in range(50)], ("OLD", "2024-01-30 12:00:00"))
    desk.source("erp", erp, ORDERS)
    first = desk.extract("erp", "sales_order")
    assert (first.rows_landed, first.is_full_pull, first.marker_after) == (51, True, "2024-01-31T11:00:00+00:00")
    orders(execute, *[(f"B{number}", "2024-01-31 12:00:00") for number in range(50)], ("LATE", "2024-01-31 10:01:00"))
    orders(execute, ("A7", "2024-01-31 12:00:01"), ("TOO LATE", "2024-01-31 09:59:59"))
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_landed, second.rows_unchanged, second.is_full_pull) == (52, 49, False)
    assert second.marker_after == "2024-01-31T11:00:01+00:00"
    assert desk.scalar("select customer_id from landing.sales_order where order_id = 'A7'") == "changed"
    assert desk.scalar("select count(*) from landing.sales_order where order_id = 'TOO LATE'") == 0


def test_an_incremental_pull_removes_nothing(desk, erp, execute, order_table):
    orders(execute, ("OLD", "2024-01-01 12:00"), ("A", "2024-01-30 12:00"), ("B", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    execute("delete from sd.vbak where vbeln <> 'OLD'")
    result = desk.extract("erp", "sales_order", "second")
    assert (result.rows_read, result.rows_deleted, result.rows_held) == (0, 0, 3)
    assert result.marker_after == result.marker_before


@pytest.mark.parametrize(
    "emptied", ["delete from landing.sales_order", "update landing.sales_order set source_system = 'x'"]
)
def test_an_emptied_landing_is_filled_again_whatever_the_watermark(desk, erp, execute, order_table, emptied):
    """Whether it is empty or another source's rows are left."""
    orders(execute, ("A", "2024-01-30 12:00"), ("B", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    desk.run(emptied)
    result = desk.extract("erp", "sales_order", "second")
    assert (result.rows_landed, result.is_full_pull) == (2, True)


def test_rows_without_a_marker_are_read_every_time(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    execute("insert into sd.vbak values ('B', 'C', '2024-01-31', null)")
    assert desk.extract("erp", "sales_order", "second").rows_landed == 1


def test_a_marker_in_the_future_hides_no_later_row(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"), ("AHEAD", "2099-01-01 00:00"))
    desk.source("erp", erp, ORDERS)
    assert desk.extract("erp", "sales_order").marker_after == "2024-01-31T11:00:00+00:00"
    orders(execute, ("B", "2024-02-01 12:00"))
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_landed, second.marker_after) == (1, "2024-02-01T11:00:00+00:00")
    assert desk.scalar("select extract(year from updated_at) from landing.sales_order where order_id = 'AHEAD'") in (
        2098,
        2099,
    )


def test_a_row_set_aside_moves_the_watermark_and_lands_when_mended(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"))
    execute("insert into sd.vbak values ('B', null, '2024-01-31', '2024-02-01 12:00')")
    desk.source("erp", erp, ORDERS)
    assert desk.extract("erp", "sales_order").marker_after == "2024-02-01T11:00:00+00:00"
    orders(execute, ("Z", "2024-03-01 12:00"))
    desk.extract("erp", "sales_order", "second")
    assert desk.rejected() == [("B", "customer_id is missing")]
    orders(execute, ("B", "2024-03-02 12:00"))
    assert desk.extract("erp", "sales_order", "third").rows_landed == 1
    assert desk.rejected() == []


@pytest.mark.parametrize("column_type", ["timestamptz", "date", "text"])
def test_markers_of_other_types_work_too(desk, erp, execute, column_type):
    execute(f"create table sd.vbak (vbeln text, kunnr text, audat date, aedat {column_type})")
    execute("insert into sd.vbak values ('A', 'C', '2024-01-31', '2024-01-31'), ('B', 'C', '2024-01-31', '2024-02-10')")
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    execute("insert into sd.vbak values ('D', 'C', '2024-01-31', '2024-02-11')")
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_read, second.rows_landed) == (2, 1)


@pytest.mark.parametrize("column_type", ["bigint", "numeric", "text"])
def test_a_growing_number_as_marker_finds_new_rows_behind_an_overlap(desk, erp, execute, column_type):
    execute(f"create table sd.vbak (vbeln text, kunnr text, audat date, id {column_type})")
    execute(
        "insert into sd.vbak select 'A' || n, 'C', '2024-01-31', n from generate_series(1, 200) as n where n <> 150"
    )
    mapping = ORDERS.replace(
        "{column: aedat, type: timestamp, overlap_minutes: 60}", "{column: id, type: id, overlap_ids: 100}"
    )
    desk.source("erp", erp, mapping)
    assert desk.extract("erp", "sales_order").marker_after == "200"
    execute("insert into sd.vbak values ('LATE', 'C', '2024-01-31', 150), ('NEW', 'C', '2024-01-31', 201)")
    second = desk.extract("erp", "sales_order", "second")
    assert (second.rows_read, second.rows_landed, second.marker_after) == (102, 2, "201")
    assert desk.scalar("select count(updated_at) from landing.sales_order") == 0


def test_hostile_names_are_quoted_and_nothing_is_executed(desk, erp, execute):
    table = 'sd."we""ird . ""; drop schema sd; --"'
    column = "sel ect\"'; drop table x; -- 名" + "x" * 20
    execute(f'create table {table} ("{column.replace(chr(34), chr(34) * 2)}" text, "from" text, "Order" date)')
    execute(f"insert into {table} values ('1', 'C', '2024-01-31')")
    mapping = f"""
        kind: postgres
        entities:
          sales_order:
            query: 'select * from {table}'
            where: '"from" = ''C'' -- the rest'
            columns:
              order_id: {column!r}
              customer_id: from
              ordered_on: Order
    """.replace("\\'", "''")
    desk.source("erp", erp, mapping)
    assert desk.extract("erp", "sales_order").rows_landed == 1
    assert desk.landed("sales_order", "order_id, customer_id") == [("1", "C")]
    assert execute("select count(*) from pg_namespace where nspname = 'sd'").fetchone() == (1,)


@pytest.mark.parametrize("where", ["true); drop schema sd cascade; --", "nextval('sd.s') > 0"])
def test_a_mappings_sql_cannot_change_the_source(desk, erp, execute, order_table, where):
    execute("create sequence sd.s")
    orders(execute, ("A", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS.replace("table: sd.vbak", f"table: sd.vbak\n        where: {where!r}"))
    with pytest.raises((ExtractionError, MappingError), match=r"sales_order"):
        desk.extract("erp", "sales_order")
    assert execute("select last_value, is_called from sd.s").fetchone() == (1, False)
    assert execute("select count(*) from sd.vbak").fetchone() == (1,)


def test_a_column_that_disappeared_is_named_before_anything_is_changed(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    execute("alter table sd.vbak rename column audat to audat_new")
    with pytest.raises(ExtractionError, match=r"sd\.vbak has no column 'audat' .*erp\.yml\); did you mean a"):
        desk.extract("erp", "sales_order", "second")
    execute("alter table sd.vbak rename column audat_new to audat; alter table sd.vbak drop column aedat")
    with pytest.raises(ExtractionError, match=r"has no column 'aedat' \(for change_marker"):
        desk.extract("erp", "sales_order", "second")
    assert desk.scalar("select count(*) from landing.sales_order") == 1


def test_a_new_column_and_another_order_of_columns_change_nothing(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"))
    desk.source("erp", erp, ORDERS)
    desk.extract("erp", "sales_order")
    execute("drop table sd.vbak")
    execute("create table sd.vbak (extra xml, aedat timestamp, audat date, kunnr text, vbeln text)")
    execute("insert into sd.vbak values (null, '2024-01-31 12:00', '2024-01-31', 'C', 'A')")
    assert desk.extract("erp", "sales_order", "second").rows_unchanged == 1


def test_a_missing_table_is_an_error_unless_it_may_be_absent(desk, erp, execute):
    desk.source("erp", erp, ORDERS)
    with pytest.raises(
        ExtractionError, match=r"erp\.sales_order: the source has no table sd\.vbak: provide it, or mend"
    ):
        desk.extract("erp", "sales_order")
    desk.source("erp", erp, ORDERS.replace("table: sd.vbak", "table: sd.vbak\n        absent: allowed"))
    assert desk.extract("erp", "sales_order").is_delivered is False


def test_a_view_and_a_query_are_read_like_a_table(desk, erp, execute, order_table):
    orders(execute, ("A", "2024-01-31 12:00"), ("B", "2024-01-31 12:00"))
    execute("create view sd.orders as select * from sd.vbak where vbeln = 'A'")
    desk.source("erp", erp, ORDERS.replace("sd.vbak", "sd.orders"))
    assert desk.extract("erp", "sales_order").rows_landed == 1
    query = 'query: "select v.*, 1 as one from sd.vbak as v -- all"'
    desk.source("other", erp, ORDERS.replace("table: sd.vbak", query))
    assert desk.extract("other", "sales_order").rows_landed == 2


def test_a_source_that_does_not_answer_is_named_without_its_password(desk, erp):
    url = sa.make_url(erp).set(port=1)
    desk.source("erp", url.render_as_string(hide_password=False), ORDERS)
    with pytest.raises(ExtractionError, match=r"erp\.sales_order: cannot be read: ") as error:
        desk.extract("erp", "sales_order")
    url = sa.make_url(erp).set(password="wr0ng-secret")  # noqa: S106
    desk.source("erp", url.render_as_string(hide_password=False), ORDERS)
    with pytest.raises(ExtractionError, match="password authentication failed") as wrong:
        desk.extract("erp", "sales_order")
    for message in (str(error.value), str(wrong.value)):
        assert "w'rd" not in message
        assert "wr0ng-secret" not in message


def test_of_a_table_with_five_hundred_columns_only_those_mapped_are_read(desk, erp, execute):
    columns = ", ".join(f"c{number} text default 'x'" for number in range(498))
    execute(f"create table sd.vbak ({columns}, kunnr text, audat date)")
    execute("insert into sd.vbak (c497, kunnr, audat) select n, 'C', '2024-01-31' from generate_series(1, 500) as n")
    mapping = """
        kind: postgres
        entities:
          sales_order:
            table: sd.vbak
            columns: {order_id: c497, customer_id: kunnr, ordered_on: audat}
          exchange_rate:
            table: sd.vbak
            where: c497 = '1'
            columns: {currency: {constant: USD}, rate_on: {constant: 2024-01-31}, rate: {constant: "7.1"}}
    """
    desk.source("erp", erp, mapping)
    assert desk.extract("erp", "sales_order").rows_landed == 500
    # of an entity that is made of constants no column is asked for, and its row counts all the same
    assert desk.extract("erp", "exchange_rate").rows_landed == 1
