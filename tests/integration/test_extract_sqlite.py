"""SQLite as a source, by the scanner and by the row stream: any type in any row, exact doubles, damaged texts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from pipelines.connect.check import check_source
from pipelines.extract import ExtractionError
from tests.integration.extracting import desk_for

MAPPING = """
    kind: {kind}
    entities:
      customer:
        table: "Kunden Stamm"
        columns: {{customer_id: id, customer_name: name, credit_limit: lim, customer_since_on: since}}
"""
DOUBLES = [
    0.1,
    19.99,
    0.30000000000000004,
    12345678901234.56,
    1234567890123.4567,
    1e300,
    2.2250738585072014e-308,
    17850.0,
    2.0**53 + 2,
]


PRICED = """
    kind: {kind}
    entities:
      sales_order_line:
        table: lines
        deletion: {{flag: gone, values: [X]}}
        columns:
          order_id: o
          line_number: {{expression: "cast(n as int)"}}
          product_id: {{expression: "nullif(p, '-')"}}
          quantity: {{constant: "1"}}
          unit_price:
            expression: cast("it's 单价" as decimal(9, 2)) * (1 - cast(DISCOUNT as decimal(3, 2)))
          promised_on: {{expression: "if(p = '-', null, p)"}}
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def crm(tmp_path):
    connection = sqlite3.connect(tmp_path / "crm.sqlite", isolation_level=None)
    connection.execute(
        'create table "Kunden Stamm" (id, name text, lim numeric, since datetime, changed datetime, n integer)'
    )
    yield connection
    connection.close()


@pytest.fixture(params=["sqlite", "sqlalchemy"])
def source(request, desk, tmp_path):
    """The file as a source of either kind."""
    file = tmp_path / "crm.sqlite"
    desk.source(
        "crm", str(file) if request.param == "sqlite" else f"sqlite:///{file}", MAPPING.format(kind=request.param)
    )
    return request.param


def insert(crm, *rows: tuple) -> None:
    crm.executemany('insert into "Kunden Stamm" (id, name, lim, since) values (?, ?, ?, ?)', rows)


def test_stored_doubles_and_whole_numbers_arrive_exact(desk, crm, source):
    insert(
        crm,
        *[(number, "N", double, None) for number, double in enumerate(DOUBLES)],
        (9007199254740993, "N", "1e-9", None),
    )
    desk.extract("crm", "customer")
    found = dict(desk.rows("select customer_id, credit_limit from landing.customer"))
    assert [found[str(number)] for number in range(len(DOUBLES))] == [Decimal(repr(double)) for double in DOUBLES]
    assert found["9007199254740993"] == Decimal("1e-9")


def test_a_value_of_another_type_than_its_column_sets_only_its_row_aside(desk, crm, source):
    insert(
        crm,
        ("00012", "A", 1, "2024-01-31"),
        (12, "B", "n/a", None),
        (12.0, "C", 1, "not yet"),
        ("d", "D", 9e999, "2024-01-31 10:00"),
    )
    desk.extract("crm", "customer")
    assert desk.landed("customer", "customer_id, customer_since_on") == [("00012", date(2024, 1, 31))]
    assert [reason for _, reason in desk.rejected()] == [
        "credit_limit is no number; duplicate key" if source == "sqlalchemy" else "credit_limit is no number",
        *(
            ["customer_since_on is no date; duplicate key"]
            if source == "sqlalchemy"
            else ["customer_since_on is no date"]
        ),
        "credit_limit is no number",
    ]


def test_an_empty_text_is_no_value(desk, crm, source):
    insert(crm, ("1", "A", "", ""), ("2", "", None, None))
    desk.extract("crm", "customer")
    assert desk.landed("customer", "customer_id, credit_limit") == [("1", None)]
    assert desk.rejected() == [("2", "customer_name is missing")]


def test_texts_that_postgresql_cannot_hold_set_only_their_row_aside(desk, crm, tmp_path):
    desk.source("crm", str(tmp_path / "crm.sqlite"), MAPPING.format(kind="sqlite"))
    insert(crm, ("1", "naïve 名 😀", None, None), ("2", "a\0b", None, None))
    crm.execute(
        "insert into \"Kunden Stamm\" (id, name) values (?, cast(x'ff41' as text)), (cast(x'fe' as text), 'C')", ["3"]
    )
    result = desk.extract("crm", "customer")
    assert (result.rows_landed, result.rows_rejected) == (1, 3)
    assert desk.landed("customer", "customer_name") == [("naïve 名 😀",)]
    assert desk.rejected("key, reason, row->>'customer_name'") == [
        ("2", "customer_name holds a NUL byte or is no UTF-8", "a\u2400b"),
        ("3", "customer_name holds a NUL byte or is no UTF-8", "\u2400FF41"),
        ("\u2400FE", "customer_id holds a NUL byte or is no UTF-8", "C"),
    ]


def test_a_row_set_aside_holds_what_its_expressions_read(desk, crm, source):
    crm.execute('create table lines (o text, n text, p text, "it\'s 单价" text, Discount numeric, gone text)')
    rows = [
        ("1", "1", "2024-01-31", "10", 0.5, ""),
        ("2", "1", "2024-02-01", "12,50 元", 0.15, ""),
        ("2", "二", "2024-02-02", "1", None, ""),
        ("2", "四", "2024-02-03", "1", 0, ""),
        ("3", "1", "-", "1", 0, ""),
        ("4", "1", "不详", "a\0b", 0, ""),
        ("5", "一", None, "x", 0, "X"),
    ]
    crm.executemany("insert into lines values (?, ?, ?, ?, ?, ?)", rows)
    desk.source("crm", desk.settings.sources["crm"], PRICED.format(kind=source))
    report = check_source(desk.settings, "crm").entities[0]
    result = desk.extract("crm", "sales_order_line")
    assert (result.rows_landed, result.rows_rejected) == (1, 6)
    fails = "the mapping's expression fails"
    found = desk.rejected("key, reason, row->'unit_price', row->'expression_columns'")
    assert [row[:3] for row in found] == [
        ("2\x1f", f"line_number: {fails}", "1.0000"),
        ("2\x1f", f"line_number: {fails}; unit_price is missing", None),
        ("2\x1f1", f"unit_price: {fails}", None),
        ("3\x1f1", "product_id is missing", "1.0000"),
        ("4\x1f1", f"unit_price: {fails}; promised_on is no date", None),
        ("5\x1f", f"line_number: {fails}", None),
    ]
    assert [(row[3]["unit_price"], row[3]["line_number"], row[3]["promised_on"]) for row in found] == [
        ({"it's 单价": price, "Discount": discount}, {"n": number}, {"p": day})
        for price, discount, number, day in [
            ("1", "0", "四", "2024-02-03"),
            ("1", None, "二", "2024-02-02"),
            ("12,50 元", "0.15", "1", "2024-02-01"),
            ("1", "0", "1", "-"),
            ("a\u2400b", "0", "1", "不详"),
            ("x", "0", "一", None),
        ]
    ]
    # the same reasons before the first night
    reasons = [reason for row in found for reason in row[1].split("; ")]
    assert report.set_aside == dict(Counter(reasons))
    # a key that cannot be read is set aside anew, once; what is mended goes in
    crm.execute("update lines set n = '2' where n = '二'")
    again = desk.extract("crm", "sales_order_line", "second")
    assert (again.rows_rejected, len(desk.rejected())) == (6, 6)


def test_a_query_and_a_condition_are_the_sources_own_sql(desk, crm, source, tmp_path):
    insert(crm, (1, "A", 1, None), (2, "B", 2, None), (3, "C", 3, None))
    query = f"""
        kind: {source}
        entities:
          customer:
            query: select id, printf('%s!', name) as name from "Kunden Stamm" where lim < 3
            where: id % 2 = 0 and name not like '%:no' and name <> ':no ::no' and name || ':' = 'B!:'
            columns: {{customer_id: id, customer_name: name}}
    """
    # a colon of the source's SQL is no parameter
    query = query.replace("where lim < 3", "where lim < 3 and name <> ' :no'")
    desk.source("crm", desk.settings.sources["crm"], query)
    desk.extract("crm", "customer")
    assert desk.landed("customer", "customer_id, customer_name") == [("2", "B!")]


@pytest.mark.parametrize(("kind_of_marker", "column"), [("timestamp", "changed"), ("id", "n")])
def test_later_pulls_read_from_the_watermark_on(desk, crm, source, kind_of_marker, column):
    marker = f"{{column: {column}, type: {kind_of_marker}, overlap_minutes: 0, overlap_ids: 1}}"
    text = MAPPING.format(kind=source).replace("columns:", f"change_marker: {marker}\n        columns:")
    desk.source("crm", desk.settings.sources["crm"], text)
    crm.execute("insert into \"Kunden Stamm\" (id, name, changed, n) values (1, 'A', '2024-01-31 10:00:00', 1)")
    crm.execute("insert into \"Kunden Stamm\" (id, name, changed, n) values (2, 'B', '2024-01-31 20:00:00', 9)")
    assert desk.extract("crm", "customer").rows_landed == 2
    crm.execute("insert into \"Kunden Stamm\" (id, name, changed, n) values (3, 'C', '2024-01-31 21:00:00', 10)")
    second = desk.extract("crm", "customer", "second")
    assert (second.rows_read, second.rows_landed, second.is_full_pull) == (2, 1, False)


def test_a_missing_table_or_file_is_named(desk, crm, source, tmp_path):
    crm.execute('drop table "Kunden Stamm"')
    with pytest.raises(ExtractionError, match=r"crm\.customer: the source has no table Kunden Stamm"):
        desk.extract("crm", "customer")
    if source == "sqlite":
        desk.source("crm", str(tmp_path / "nothing.sqlite"))
        with pytest.raises(ExtractionError, match=r"there is no file .*nothing\.sqlite"):
            desk.extract("crm", "customer")


def test_the_source_stays_as_it_was(desk, crm, source, tmp_path):
    insert(crm, (1, "A", 1, None))
    before = (tmp_path / "crm.sqlite").read_bytes()
    desk.extract("crm", "customer")
    assert (tmp_path / "crm.sqlite").read_bytes() == before
