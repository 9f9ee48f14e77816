"""`cvp sources check` on PostgreSQL, SQLite and a folder: each thing wrong is named with file, line and cure."""

from __future__ import annotations

import re
import secrets
import sqlite3

import psycopg
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.connect import check as check_module
from pipelines.connect.check import check_source, check_together
from pipelines.settings import Settings, get_settings
from tests.integration.extracting import text_table

GOOD = """source_system: erp
description: of a test
kind: postgres
time_zone: Asia/Shanghai
entities:
  sales_order:
    table: sd.vbak
    change_marker: {column: aedat, type: timestamp, overlap_minutes: 60}
    columns:
      order_id: vbeln
      customer_id: kunnr
      ordered_on: audat
      is_cancelled: {column: abstk, codes: {A: false, C: true}}
"""


@pytest.fixture(scope="module")
def database(server):
    """A sales system with 12,000 orders, 400 a day for thirty days, of which a few have a code that nobody mapped."""
    name = f"test_check_{secrets.token_hex(4)}"
    server.ensure_database(name, "erp_owner")
    url = server.url("erp_owner", name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema sd")
        connection.execute(
            "create table sd.vbak (vbeln text primary key, kunnr text, audat date, abstk char(1), aedat timestamp,"
            " bytes bytea, weight double precision)"
        )
        connection.execute(
            "insert into sd.vbak select n, 'C', '2024-01-01', case when n > 11990 then 'X' else 'A' end,"
            " timestamp '2024-01-31 23:00' - make_interval(mins => (12000 - n) * 36 / 10)"
            " from generate_series(1, 12000) n"
        )
        connection.execute("create view sd.v as select * from sd.vbak limit 0")
    yield url
    server.drop_database(name)


@pytest.fixture
def check(database, tmp_path, request):
    """Check a mapping's text against the sales system."""

    def run(text: str, place: str | None = database):
        (tmp_path / "erp.yml").write_text(text, "utf-8")
        settings = get_settings().model_copy(
            update={"sources": {"erp": place} if place else {}, "mapping_folders": [tmp_path]}
        )
        return check_source(settings, "erp")

    return run


def said(report) -> list[str]:
    return [f"{finding.severity.value} {finding.file.name}:{finding.line}: {finding.where}: {finding.message}"
            for finding in report.findings]  # fmt: skip


def test_a_sample_says_what_would_be_set_aside_and_the_markers_how_many_rows_change_a_night(check):
    report = check(GOOD)
    entity = report.entities[0]
    assert (entity.rows, entity.sampled) == (12_000, 1_000)
    # the newest half of the sample finds what the oldest rows do not show
    assert entity.set_aside == {"is_cancelled: code is not in the mapping": 10}
    assert entity.rows_changed == pytest.approx(400, rel=0.01)
    assert entity.rows_changed_at_most == 400
    first, second = said(report)
    assert 'code is not in the mapping ("X");' in first
    assert first.startswith("warning erp.yml:6: erp.sales_order: 10 of 1000 sampled rows would be set aside: 10 x is_c")
    assert second.startswith("warning erp.yml:8: erp.sales_order.change_marker: no index of sd.vbak begins with aedat")
    assert not report.has_errors


def test_an_index_on_the_marker_is_seen(check, database):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create index by_change on sd.vbak (aedat, vbeln)")
        try:
            assert not any("no index" in line for line in said(check(GOOD)))
        finally:
            connection.execute("drop index sd.by_change")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("table: sd.vbak", "table: sd.vbk", "error erp.yml:7: erp.sales_order.table: the source has no table sd.vbk"),
        ("order_id: vbeln", "order_id: vbeln_x",
         "error erp.yml:10: erp.sales_order.order_id: sd.vbak has no column 'vbeln_x'; did you mean vbeln?"),
        ("column: aedat", "column: aenam",
         "error erp.yml:8: erp.sales_order.change_marker: sd.vbak has no column 'aenam'; did you mean aedat?"),
        ("ordered_on: audat", "ordered_on: weight",
         "error erp.yml:12: erp.sales_order.ordered_on: weight is of type DOUBLE, which is no date: map a date column"),
        ("ordered_on: audat", "ordered_on: bytes", "bytes is of type BLOB, which is no date"),
        ("ordered_on: audat", "ordered_on: {expression: audatt}",
         "error erp.yml:12: erp.sales_order.ordered_on.expression: sd.vbak has no column 'audatt'"),
        ("ordered_on: audat", "ordered_on: abstk",
         "error erp.yml:6: erp.sales_order: 1000 of 1000 sampled rows would be set aside: 1000 x ordered_on is no"),
        ("table: sd.vbak", "query: select * from sd.vbakk", "erp.yml:7: erp.sales_order.query: cannot be read: rel"),
        ("table: sd.vbak", "table: sd.v", "warning erp.yml:6: erp.sales_order: the table or query delivers no row"),
        ("column: aedat", "column: abstk", "no sampled row has a readable value in abstk"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_cure(check, before, after, fault):
    text = GOOD.replace(before, after)
    report = check(text)
    assert any(fault in line for line in said(report)), said(report)
    assert report.has_errors is ("warning" not in fault)


LINES = """source_system: erp
description: of a test
kind: postgres
entities:
  sales_order_line:
    table: sd.vbak
    columns:
      order_id: vbeln
      line_number: {constant: 1}
      product_id: kunnr
      quantity: {constant: 1}
      unit_price: {expression: "cast(vbeln as decimal(15,4)) * (1 - cast(weight as decimal(5,2)) * 0.01)"}
"""


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("cast(vbeln as decimal(15,4)) * cast(weight as decimal(5,2)) / 100", "warning {}is computed as DOUBLE, in"),
        ("round(cast(vbeln as double), 2)", "warning {}is computed as DOUBLE, in which 4435.4597 can come out as"),
        ("cast(vbeln as decimal)", "warning {}`decimal` alone is decimal(18,3), which rounds to three places"),
        ("vbeln * weight", "error {}cannot be computed: Binder Error: No function matches the given name and argument"),
        ("cast(cast(vbeln as decimal(15,4)) / 100 as decimal(28,12))", None),
        ("cast(group as decimal(15,4))", "error {}the expression of unit_price in "),
    ],
)
def test_an_expression_that_makes_money_inexact_or_cannot_be_computed_is_named(check, expression, fault):
    found = [line for line in said(check(re.sub('"cast.*"', f'"{expression}"', LINES))) if ".expression: " in line]
    assert len(found) == (fault is not None), found
    assert all(
        line.startswith(fault.format("erp.yml:12: erp.sales_order_line.unit_price.expression: ")) for line in found
    )


def test_text_that_comes_as_rubbish_and_numbers_that_lose_their_marks_are_named(check, tmp_path):
    """Nothing of this sets a row aside: every name and number can be read, as another one."""
    text_table(tmp_path / "csv", "kunden.csv", "Nr;Name;Kredit\n1;Müller & Söhne;1.234\n2;Schäfer;5.000\n", "cp1252")
    text_table(tmp_path / "csv", "other.csv", "编号;客户\n1;宝钢股份\n", "gb18030")
    text = """source_system: erp
description: of a test
kind: files
files: {delimiter: ";", encoding: gb18030, decimal: ",", thousands: "."}
entities:
  customer:
    table: kunden
    columns:
      customer_id: Nr
      customer_name: Name
      credit_limit: {expression: "cast(Kredit as decimal(15,2))"}
"""
    assert said(check(text, str(tmp_path / "csv"))) == [
        "warning erp.yml:4: erp.files: kunden.csv looks like cp1252, which gb18030 reads as rubbish: is `encoding`"
        " right?",
        "warning erp.yml:11: erp.customer.credit_limit.expression: reads the file's text as it stands, where 1.234 is a"
        " little more than one: take the marks out by replace(replace(..., '.', ''), ',', '.') before the cast",
    ]
    right = text.replace("gb18030", "cp1252").replace("cast(Kredit", "cast(replace(Kredit, '.', '')")
    assert said(check(right, str(tmp_path / "csv"))) == []


def test_a_deletion_mark_that_is_spelt_otherwise_is_named(check, tmp_path):
    """A row marked by a small x would stay alive, and its source's own SQL may well not tell x from X."""
    rows = "".join(f"{number};N;{'X' if number == 7 else ''}\n" for number in range(3_000))
    text_table(tmp_path / "csv", "kunden.csv", f"Nr;Name;LOEKZ\n{rows}3001;N;x\n3002;N; X\n3003;N;Y\n")
    text = """source_system: erp
description: of a test
kind: files
files: {delimiter: ";"}
entities:
  customer:
    table: kunden
    deletion: {flag: LOEKZ, values: [X]}
    columns: {customer_id: Nr, customer_name: Name}
"""
    fault = "warning erp.yml:8: erp.customer.deletion: LOEKZ holds {} too, which marks no row: add it to `values` if it"
    blank, small = said(check(text, str(tmp_path / "csv")))
    assert (blank.startswith(fault.format('" X"')), small.startswith(fault.format('"x"'))) == (True, True)
    assert said(check(text.replace("[X]", "[X, x, ' X']"), str(tmp_path / "csv"))) == []
    assert said(check(text.replace("[X]", "any"), str(tmp_path / "csv"))) == []


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ("table: sd.vbak", None),
        ("table: sd.vbak\n    where: abstk = 'A'", "erp.sales_order.where: rows that stop meeting it stay landed as"),
        ("table: sd.vbak\n    where: abstk = 'A'\n    deletion: none", None),
        ("table: sd.vbak\n    where: abstk = 'A'\n    deletion: {reconcile_every_nights: 7}", None),
        ("table: sd.vbak\n    where: abstk = 'A'\n    deletion: {flag: kunnr, reconcile_every_nights: 7}", None),
        (
            "table: sd.vbak\n    where: abstk = 'A'\n    deletion: {flag: kunnr, values: [X]}",
            "beside the flag finds them",
        ),
        ("query: select * from sd.vbak", "erp.sales_order.query: a pull by aedat misses rows that the query stops"),
    ],
)
def test_what_no_pull_by_marker_will_see_is_named_unless_the_mapping_has_decided(check, given, warned):
    found = [line for line in said(check(GOOD.replace("table: sd.vbak", given))) if "finds them" in line]
    assert len(found) == (warned is not None)
    assert all(warned in line for line in found)


def test_all_missing_columns_are_named_at_once(check):
    report = check(GOOD.replace("vbeln", "a").replace("kunnr", "b"))
    assert [line.split(" has no")[0] for line in said(report)] == [
        "error erp.yml:10: erp.sales_order.order_id: sd.vbak",
        "error erp.yml:11: erp.sales_order.customer_id: sd.vbak",
    ]


def test_an_unplaced_and_an_unreachable_source_are_errors_without_a_password_in_them(check, database):
    assert said(check(GOOD, None)) == [
        "error erp.yml:1: erp.source_system: the settings do not say where it is: set CVP_SOURCES__erp=... or"
        " `sources` in the file"
    ]
    (line,) = said(check(GOOD, "postgresql://nobody:s3cret@127.0.0.1:1/nothing"))
    assert line.startswith("error erp.yml:3: erp.kind: cannot be read: ")
    assert "s3cret" not in line


FOLDER = """source_system: erp
description: of a test
kind: files
entities:
  customer:
    table: customer
    columns: {customer_id: id, customer_name: name, credit_limit: limit}
  invoice:
    table: invoice
    absent: allowed
    columns: {invoice_id: a, customer_id: b, issued_on: c, due_on: d, amount: e}
"""


def test_in_a_small_file_doubled_keys_and_records_that_are_no_rows_count_too(check, tmp_path):
    text_table(tmp_path / "data", "customer.csv", "id,name,limit\n1,A,x\n2,B,1\n2,C,1\n4\n5,,\n" + "6,F,6\n" * 0)
    report = check(FOLDER, str(tmp_path / "data"))
    customer, invoice = report.entities
    assert customer.set_aside == {
        "credit_limit is no number": 1, "customer_name is missing": 1, "the record is no row: missing columns": 1,
        "duplicate key": 2,
    }  # fmt: skip
    assert (customer.rows, customer.sampled) == (4, 5)
    assert invoice.origin == "invoice (not delivered)"
    # five rows are few: they stop no night
    assert not report.has_errors


def test_a_sqlite_marker_without_an_index_is_a_warning_and_its_newest_rows_are_sampled(check, tmp_path):
    with sqlite3.connect(tmp_path / "crm.sqlite") as connection:
        connection.execute("create table vbak (vbeln integer primary key, kunnr, audat, abstk, aedat text)")
        connection.executemany(
            "insert into vbak values (?, 'C', '2024-01-01', ?, ?)",
            [
                (n, "X" if n > 19_990 else "A", f"2024-01-{1 + n // 1000:02}T{n % 1000 // 60:02}:{n % 60:02}:00")
                for n in range(20_000)
            ],
        )
    text = GOOD.replace("kind: postgres", "kind: sqlite").replace("sd.vbak", "vbak")
    report = check(text, str(tmp_path / "crm.sqlite"))
    assert report.entities[0].set_aside == {"is_cancelled: code is not in the mapping": 9}
    assert any("no index of vbak begins with aedat" in line for line in said(report))
    by_id = text.replace("{column: aedat, type: timestamp, overlap_minutes: 60}", "{column: vbeln, type: id}")
    report = check(by_id, str(tmp_path / "crm.sqlite"))
    assert not any("no index" in line for line in said(report))
    assert report.entities[0].rows_changed is None


def test_doubled_keys_are_found_behind_the_sample_and_in_it_but_no_row_is_doubled_by_being_sampled_twice(
    check, tmp_path, monkeypatch
):
    with sqlite3.connect(tmp_path / "crm.sqlite") as connection:
        connection.execute("create table vbak (vbeln, kunnr, audat, abstk, aedat text)")
        connection.executemany(
            "insert into vbak values (?, 'C', '2024-01-01', 'A', ?)",
            # The newest row first; number 10 twice among the sampled ones, 700 twice between them.
            [((10 if n == 11 else 700 if n == 701 else n), f"2024-01-01T{23 - n // 60:02}:{59 - n % 60:02}:00")
             for n in range(1_200)],
        )  # fmt: skip
    text = GOOD.replace("kind: postgres", "kind: sqlite").replace("sd.vbak", "vbak")
    place = str(tmp_path / "crm.sqlite")
    report = check(text, place)
    assert report.entities[0].set_aside == {"duplicate key": 4}
    assert said(report)[0] == (
        "warning erp.yml:6: erp.sales_order: 4 of all 1,200 rows would be set aside for a key (order_id) that comes"
        " more than once, such as 10; `cvp rejects` lists them after a night"
    )
    monkeypatch.setattr(check_module, "ROWS_READ_FOR_KEYS", 1_100)
    report = check(text, place)
    assert report.entities[0].set_aside == {"duplicate key": 2}
    assert ": 2 of the 1,000 sampled rows, and perhaps more, would be set aside for a key" in said(report)[0]
    report = check(text.replace("order_id: vbeln", "order_id: {constant: 1}"), place)
    (fault,) = (line for line in said(report) if line.startswith("error"))
    assert "erp.yml:10: erp.sales_order.order_id: 500 of the 1,000 sampled rows, and perhaps more, would be" in fault


def test_sources_are_judged_together(check, tmp_path, database):
    (tmp_path / "erp2.yml").write_text(GOOD.replace("source_system: erp", "source_system: erp2"), "utf-8")
    check(GOOD + "      currency: {constant: USD}\n")
    settings = Settings(sources={"erp": database, "erp2": database}, mapping_folders=[tmp_path])

    def together() -> list[str]:
        reports = [check_source(settings, name) for name in ("erp", "erp2")]
        alone = sum(len(report.findings) for report in reports)
        check_together(settings, reports)
        found = [line for report in reports for line in said(report)]
        assert len(found) > alone
        return found

    found = together()
    assert any(line.startswith("warning erp.yml:5: erp: nobody delivers customer: it is inferred") for line in found)
    assert any(
        line.startswith("warning erp2.yml:6: erp2.sales_order: comes from erp, erp2: where both") for line in found
    )
    assert any(line.startswith("error erp.yml:5: erp: nobody delivers sales_order_line: without ") for line in found)
    absent = [line for line in found if line.startswith("warning erp.yml:5: erp: nobody delivers delivery, ")]
    assert [("service_record" in line, "contract" in line, "none has happened" in line) for line in absent] == [
        (True, False, True)
    ]
    assert any("contract" in line and "their weight goes to the others" in line for line in found)
    assert any(
        line.startswith("error erp.yml:14: erp.sales_order.currency: is USD, the reporting currency is CNY, and nobody")
        for line in found
    )
    text = (tmp_path / "erp2.yml").read_text("utf-8")
    (tmp_path / "erp2.yml").write_text(text.replace("kind:", "id_prefix: b\nkind:"), "utf-8")
    assert not any("comes from" in line for line in together())


def command(*arguments: str, **environment: str):
    get_settings.cache_clear()
    try:
        return CliRunner().invoke(app, ["sources", "check", *arguments], env=environment)
    finally:
        get_settings.cache_clear()


def test_the_command_shows_a_table_and_its_exit_code_tells_whether_a_night_would_stop(tmp_path, database):
    (tmp_path / "erp.yml").write_text(GOOD, "utf-8")
    places = {"CVP_MAPPING_FOLDERS": str(tmp_path), "CVP_SOURCES__erp": database}
    fine = command("erp", **places)
    assert fine.exit_code == 0, fine.output
    assert "12,000" in fine.output
    assert "10 x is_cancelled: code is not in the mapping" in " ".join(fine.output.split())
    (tmp_path / "erp.yml").write_text(GOOD.replace("audat", "audit"), "utf-8")
    wrong = command("erp", **places)
    assert wrong.exit_code == 1
    assert f"error {tmp_path}/erp.yml:12: erp.sales_order.ordered_on: sd.vbak has no column 'audit'" in wrong.output
    (tmp_path / "erp.yml").write_text(GOOD.replace("kunnr", ""), "utf-8")
    refused = command("erp", **places)
    assert refused.exit_code == 1
    assert f"error {tmp_path}/erp.yml:11: sales_order.customer_id: " in refused.output
