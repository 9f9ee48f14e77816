"""Folders of CSV, TSV and Parquet files as a source: dialects, damaged records, exact values."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.connect.check import check_source
from pipelines.extract import ExtractionError
from pipelines.extract import files as files_module
from tests.integration.extracting import desk_for, text_table

# 30 MB of them: the engine reads such a file in several pieces.
LARGE_ROWS = 10_000
CUSTOMER = """
    kind: files
    {files}
    entities:
      customer:
        table: customer
        columns:
          customer_id: id
          customer_name: name
          credit_limit: limit
          customer_since_on: {since}
"""


def mapping(files: str = "", since: str = "since") -> str:
    return CUSTOMER.format(files=files, since=since)


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_the_declared_dialect_is_read_whatever_it_is(desk, data):
    files = "files: {delimiter: ';', quote: \"'\", encoding: gb18030, decimal: ',', thousands: '.'}"
    text = "id;name;limit;since\r\n1;'宝钢;''集团''';1.234.567,89;31.01.2024\r\n2;鞍钢;0,5;\r\n"
    text_table(data, "customer.csv", text, "gb18030")
    desk.source("erp", str(data), mapping(files, '{column: since, format: "%d.%m.%Y"}'))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name, credit_limit, customer_since_on") == [
        ("1", "宝钢;'集团'", Decimal("1234567.89"), date(2024, 1, 31)),
        ("2", "鞍钢", Decimal("0.5"), None),
    ]


@pytest.mark.parametrize("decimal", ["1.5", "1,234.5", "12,34,5"])
def test_a_number_in_another_locale_is_set_aside(desk, data, decimal):
    files = "files: {delimiter: ';', decimal: ','}"
    text_table(data, "customer.csv", f"id;name;limit;since\n1;A;{decimal};\n")
    desk.source("erp", str(data), mapping(files))
    desk.extract("erp", "customer")
    assert desk.rejected() == [("1", "credit_limit is no number")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_endings_and_a_missing_last_one_lose_no_row(desk, data, ending, last):
    text = ending.join(["id,name,limit,since", "1,A,,", '2,"B\nb",,'])
    data.mkdir()
    (data / "customer.csv").write_bytes((text + (ending if last else "")).encode())
    desk.source("erp", str(data), mapping())
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name") == [("1", "A"), ("2", "B\nb")]


def test_a_tsv_a_compressed_file_and_a_byte_order_mark_are_read(desk, data):
    data.mkdir()
    (data / "customer.tsv.gz").write_bytes(gzip.compress("\ufeffid\tname\tlimit\tsince\n1\tA,B\t1\t\n".encode()))
    desk.source("erp", str(data), mapping())
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name") == [("1", "A,B")]


def test_records_that_are_no_rows_are_set_aside_one_by_one(desk, data):
    data.mkdir()
    (data / "customer.csv").write_bytes(
        b'id,name,limit,since\n1,A,,\n2,B\n3,C,,,x\n4,\xff\xfe,,\n5,"E"e,,\n6,F\x00f,,\n7,G,,\n'
    )
    desk.source("erp", str(data), mapping())
    result = desk.extract("erp", "customer")
    assert (result.rows_read, result.rows_landed, result.rows_rejected) == (7, 2, 5)
    assert desk.landed("customer", "customer_id") == [("1",), ("7",)]
    assert desk.rejected("key, reason, row->>'record'") == [
        ("6", "customer_name holds a NUL byte or is no UTF-8", None),
        ("customer.csv:3", "the record is no row: missing columns", "2,B"),
        ("customer.csv:4", "the record is no row: too many columns", "3,C,,,x"),
        ("customer.csv:5", "the record is no row: invalid encoding", "4,??,,"),
        ("customer.csv:6", "the record is no row: unquoted value", '5,"E"e,,'),
    ]


def test_texts_that_trip_copy_arrive_as_they_are(desk, data):
    texts = [
        "\\.",
        "\\N",
        "a\\b",
        'q"q',
        "line\n\\.\nline",
        "tab\there",
        "名😀\u202e",
        "=1+1",
        "'",
        "x" * 1_000_000,
        " pad ",
    ]
    rows = "".join(f'{number},"{text.replace(chr(34), chr(34) * 2)}",,\n' for number, text in enumerate(texts))
    data.mkdir()
    (data / "customer.csv").write_text("id,name,limit,since\n" + rows, "utf-8", newline="")
    desk.source("erp", str(data), mapping())
    desk.extract("erp", "customer")
    found = dict(desk.rows("select customer_id::int, customer_name from landing.customer"))
    assert [found[number] for number in range(len(texts))] == texts


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty: its first line must hold the column names"),
        (b"id,name,Name,limit,since\n", "the header names Name, name twice"),
        (b"\xff\xfe,name\n", "the header cannot be read"),
        (b'id,name,limit,since\n1,"A,,\n2,B,,\n', "customer.csv:2: a quote that opens here is never closed"),
        (b"id;name;limit;since\n1;A;;\n", "has no column 'id'"),
    ],
)
def test_a_file_that_cannot_be_read_as_declared_is_named(desk, data, content, fault):
    data.mkdir()
    (data / "customer.csv").write_bytes(content)
    desk.source("erp", str(data), mapping())
    with pytest.raises(ExtractionError, match=r"erp\.customer: ") as error:
        desk.extract("erp", "customer")
    assert fault in str(error.value)


def test_a_file_in_another_encoding_than_declared_is_named(desk, data):
    data.mkdir()
    (data / "customer.csv").write_bytes(b"id,name,limit,since\n1,\xff,,\n")
    desk.source("erp", str(data), mapping("files: {encoding: gb18030}"))
    with pytest.raises(ExtractionError, match=r"customer\.csv is not gb18030 .*set `files\.encoding` of the mapping"):
        desk.extract("erp", "customer")


@pytest.mark.parametrize(("encoding", "wrong"), [("gb18030", b"\xff"), ("gb18030", b"\x81"), ("cp1252", b"\x81")])
def test_a_wrong_byte_in_a_file_of_another_encoding_sets_its_record_aside_alone(desk, data, encoding, wrong):
    data.mkdir()
    name = "沪钢集团" if encoding == "gb18030" else "Größe"
    rows = [f"{number},{name},," for number in range(1, 31)]
    rows[6] = "7,?,,"
    content = "\n".join(["id,name,limit,since", *rows, ""]).encode(encoding).replace(b"?", wrong)
    (data / "customer.csv").write_bytes(content)
    desk.source("erp", str(data), mapping(f"files: {{encoding: {encoding}}}"))
    result = desk.extract("erp", "customer")
    assert (result.rows_read, result.rows_landed, result.rows_rejected) == (30, 29, 1)
    assert desk.rejected("key, reason") == [("customer.csv:8", "the record is no row: invalid encoding")]
    assert set(desk.landed("customer", "customer_name")) == {(name,)}


def test_two_files_of_one_name_are_refused(desk, data):
    text_table(data, "customer.csv", "id,name,limit,since\n")
    text_table(data, "customer.tsv", "id\tname\tlimit\tsince\n")
    desk.source("erp", str(data), mapping())
    with pytest.raises(ExtractionError, match=r"both customer\.csv and customer\.tsv lie in"):
        desk.extract("erp", "customer")


def test_only_a_header_is_an_entity_without_rows(desk, data):
    text_table(data, "customer.csv", "id,name,limit,since\n")
    desk.source("erp", str(data), mapping())
    result = desk.extract("erp", "customer")
    assert (result.rows_read, result.is_delivered) == (0, True)


def test_parquet_values_arrive_exact(desk, data):
    data.mkdir()
    table = pa.table(
        {
            "id": pa.array([17850.0, 12.0, None], pa.float64()),
            "name": pa.array(["A", "B", "C"]),
            "limit": pa.array(
                [Decimal("12345678901234567890123456.123456789012"), Decimal("0.1"), None], pa.decimal128(38, 12)
            ),
            "since": pa.array([datetime(2024, 1, 31, 16, 30, tzinfo=UTC), None, None], pa.timestamp("us", tz="UTC")),
        }
    )
    pq.write_table(table, data / "customer.parquet")
    desk.source("erp", str(data), mapping("files: {decimal: ','}"))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, credit_limit, customer_since_on") == [
        ("12", Decimal("0.1"), None),
        ("17850", Decimal("12345678901234567890123456.123456789012"), date(2024, 2, 1)),
    ]
    assert desk.rejected() == [("", "customer_id is missing")]


def test_parquet_doubles_come_by_their_shortest_text_and_no_numbers_are_set_aside(desk, data):
    data.mkdir()
    doubles = [0.1, 19.99, 1e-7, 0.30000000000000004, 2.0**53, 1e22, float("nan"), float("inf")]
    table = pa.table({"id": range(8), "name": ["N"] * 8, "limit": doubles, "since": pa.nulls(8, pa.date32())})
    pq.write_table(table, data / "customer.parquet")
    desk.source("erp", str(data), mapping())
    desk.extract("erp", "customer")
    found = desk.landed("customer", "customer_id, credit_limit")
    assert [limit for _, limit in found] == [Decimal(repr(double)) for double in doubles[:6]]
    assert desk.rejected() == [("6", "credit_limit is no number"), ("7", "credit_limit is no number")]


def test_a_parquet_decimal_wider_than_the_engine_knows_is_refused_where_it_is_read(desk, data):
    data.mkdir()
    limits = pa.array([Decimal("1234567890123456789012345678901234567890.5")], pa.decimal256(60, 5))
    dates = pa.array([date(2024, 1, 31)], pa.date32())
    pq.write_table(pa.table({"id": [1], "name": ["N"], "limit": limits, "since": dates}), data / "customer.parquet")
    desk.source("erp", str(data), mapping())
    with pytest.raises(
        ExtractionError, match=r"customer\.parquet: limit is a decimal of 60 digits, the engine reads 38"
    ):
        desk.extract("erp", "customer")
    assert desk.scalar("select count(*) from landing.customer") == 0
    desk.source("erp", str(data), mapping().replace("credit_limit: limit", "industry: name"))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_since_on") == [("1", date(2024, 1, 31))]


def test_a_query_joins_the_files_of_the_folder(desk, data):
    text_table(data, "kunde.csv", "id,name,gruppe\n1,A,10\n2,B,11\n")
    text_table(data, "gruppe.csv", "gruppe,text\n10,steel\n")
    query = """
        kind: files
        entities:
          customer:
            query: |
              select k.*, g.text from kunde as k left join gruppe as g on g.gruppe = k.gruppe
            where: id <> '3'
            columns: {customer_id: id, customer_name: name, industry: text}
    """
    desk.source("erp", str(data), query)
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, industry") == [("1", "steel"), ("2", None)]


def test_a_duckdb_file_is_read_like_its_tables(desk, tmp_path):
    file = tmp_path / "erp.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create schema sd; create table sd.kna1 (id hugeint, name varchar, lim decimal(38, 10), d double)"
        )
        connection.execute(
            "insert into sd.kna1 values (170141183460469231731687303715884105727, 'A', 0.0000000001, 0.1)"
        )
        connection.execute("insert into sd.kna1 values (2, 'B', null, 'nan'), (3, chr(0), null, null)")
    text = """
        kind: duckdb
        entities:
          customer:
            table: sd.kna1
            columns: {customer_id: id, customer_name: name, credit_limit: lim}
          product:
            query: "select id, d from sd.kna1"
            columns: {product_id: id, product_name: d, product_family: {constant: all}}
          invoice:
            table: sd.missing
            absent: allowed
            columns: {invoice_id: a, customer_id: b, issued_on: c, due_on: d, amount: e}
    """
    desk.source("erp", str(file), text)
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, credit_limit") == [
        ("170141183460469231731687303715884105727", Decimal("0.0000000001")),
        ("2", None),
    ]
    assert desk.rejected("key, reason, row->>'customer_name'") == [
        ("3", "customer_name holds a NUL byte or is no UTF-8", "\u2400")
    ]
    desk.extract("erp", "product")
    assert desk.landed("product", "product_name") == [("0.1",), ("nan",), (None,)]
    assert desk.extract("erp", "invoice").is_delivered is False


@pytest.mark.parametrize("delimiter", ["||", "|~|", "§", "\\x01"])
def test_any_delimiter_is_read_of_several_characters_too(desk, data, delimiter):
    given = delimiter.replace("\\x01", "\x01")
    lines = [
        ["id", f'"name{given}"', "limit", "since"],
        ["1", f'"A{given}""B"""', "1.5", "2024-01-31"],
        ["2", "C", "", ""],
    ]
    text_table(data, "customer.CSV", "".join(given.join(line) + "\n" for line in lines))
    of_name = mapping(f'files: {{delimiter: "{delimiter}"}}').replace("customer_name: name", "customer_name: NAME")
    desk.source("erp", str(data), of_name.replace("NAME", f'"name{delimiter}"'))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name, credit_limit") == [
        ("1", f'A{given}"B"', Decimal("1.5")),
        ("2", "C", None),
    ]


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "'", "."])
def test_thousands_are_parted_by_any_character(desk, data, space):
    text_table(data, "customer.csv", f"id;name;limit;since\n1;A;1{space}234{space}567,89;\n2;B;12{space}34;\n")
    files = f"files: {{delimiter: ';', decimal: ',', thousands: \"{space}\"}}"
    desk.source("erp", str(data), mapping(files))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, credit_limit") == [("1", Decimal("1234567.89"))]
    assert desk.rejected() == [("2", "credit_limit is no number")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_of_a_large_file_texts_of_several_lines_make_no_row_more(desk, data, ending):
    """A thread that begins in the middle of the file takes the rest of such a text for a row."""
    data.mkdir()
    address = ending.join(["Street 1,", "x" * 3_000, "Town, Land"])
    rows = "".join(f'{number},"{address}",,{ending}' for number in range(LARGE_ROWS))
    (data / "customer.csv").write_bytes((f"id,name,limit,since{ending}" + rows).encode())
    desk.source("erp", str(data), mapping())
    result = desk.extract("erp", "customer")
    assert (result.rows_read, result.rows_landed) == (LARGE_ROWS, LARGE_ROWS)
    assert desk.rows("select distinct customer_name from landing.customer") == [(address,)]
    with (data / "customer.csv").open("ab") as handle:
        handle.write(f'x,"never closed,,{ending}y,B,,{ending}'.encode())
    with pytest.raises(ExtractionError, match=r"customer\.csv: it holds an odd number of quotes: one is never closed"):
        desk.extract("erp", "customer", "second")


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_a_large_file_of_other_records_than_its_header_says_is_refused_by_its_beginning(desk, data, suffix):
    """The engine would keep a kilobyte for each of them."""
    data.mkdir()
    content = ("id,name,limit,since\n" + "".join(f"{number},{'N' * 40},,,x\n" for number in range(30_000))).encode()
    file = data / f"customer.{suffix}"
    file.write_bytes(gzip.compress(content, 0) if suffix.endswith("gz") else content)
    desk.source("erp", str(data), mapping())
    fault = rf"customer\.{suffix}:2: \d+ of the first \d+ records are no rows \(too many columns\): mend the file"
    with pytest.raises(ExtractionError, match=fault):
        desk.extract("erp", "customer")
    (line,) = [str(finding) for finding in check_source(desk.settings, "erp").findings if "no rows" in str(finding)]
    assert "erp.yml:" in line


def test_more_bad_records_than_are_kept_are_refused_and_never_left_out(desk, data, monkeypatch):
    monkeypatch.setattr(files_module, "BAD_RECORDS_KEPT", 20)
    data.mkdir()
    for bad, refused in ((19, False), (21, True)):
        rows = "".join(f"{number},N{',' if number < bad else ',,'}\n" for number in range(100))
        (data / "customer.csv").write_text("id,name,limit,since\n" + rows, "utf-8")
        desk.source("erp", str(data), mapping())
        if refused:
            with pytest.raises(ExtractionError, match=r"customer\.csv:21: 20 times up to here a record is no row"):
                desk.extract("erp", "customer", "refused")
        else:
            assert desk.extract("erp", "customer").rows_rejected == bad


def test_lines_that_end_in_two_ways_are_named_where_the_engine_cannot_read_them(desk, data):
    data.mkdir()
    (data / "customer.csv").write_bytes(b"id,name,limit,since\n1,A,,2024-01-31\r\n2,B,,\n")
    desk.source("erp", str(data), mapping())
    with pytest.raises(ExtractionError, match="a CSV file's lines do not all end alike .* one kind of line end"):
        desk.extract("erp", "customer")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "shift_jis", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\r", "\r\n"])
def test_another_encoding_delimiter_and_line_ending_come_together(desk, data, encoding, ending):
    name = {"latin-1": "Müller | Söhne", "shift_jis": "山田 | 商店"}.get(encoding, "名 | ü")
    text = ending.join(["id|name|limit|since", f'1|"{name}{ending}2"|1.5|2024-01-31', "2|B||", ""])
    data.mkdir()
    (data / "customer.csv").write_bytes(text.encode(encoding))
    desk.source("erp", str(data), mapping(f"files: {{delimiter: '|', encoding: {encoding}}}"))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name, credit_limit") == [
        ("1", f"{name}{ending}2", Decimal("1.5")),
        ("2", "B", None),
    ]


def test_line_endings_that_differ_within_a_file_lose_no_row(desk, data):
    data.mkdir()
    rows = "".join(f"{number},N{number},,{ending}" for number, ending in enumerate(["\n", "\r\n", "\n", "\r\n"]))
    (data / "customer.csv").write_bytes(("id,name,limit,since\r\n" + rows).encode())
    desk.source("erp", str(data), mapping())
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name") == [(str(n), f"N{n}") for n in range(4)]


@pytest.mark.parametrize("folder", ["customer", "customer.parquet", "customer.CSV"])
def test_a_folder_of_parts_is_one_table(desk, data, folder):
    """As Spark writes it, with its own files beside; columns may stand in another order."""
    parts = data / folder
    parts.mkdir(parents=True)
    (parts / "_SUCCESS").write_bytes(b"")
    if folder.endswith("CSV"):
        (parts / "part-00000.csv").write_text("id,name,limit,since\n1,钢,1.50,2024-01-31\n", "gb18030")
        (parts / "part-00001.csv").write_text("name,id,since,limit\n铁,2,2024-02-01,7,8\nZ,3,2024-02-02,8\n", "gb18030")
        desk.source("erp", str(data), mapping("files: {encoding: gb18030}"))
    else:
        one, two = ({"id": ["1"], "name": ["钢"], "limit": [Decimal("1.50")], "since": [date(2024, 1, 31)]},
                    {"name": ["Z"], "id": ["3"], "since": [date(2024, 2, 2)], "limit": [Decimal("8.00")]})  # fmt: skip
        pq.write_table(pa.table(one), parts / "part-00000.snappy.parquet")
        pq.write_table(pa.table(two), parts / "part-00001.snappy.parquet")
        (parts / ".part-00001.snappy.parquet.crc").write_bytes(b"x")
        desk.source("erp", str(data), mapping())
    result = desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id, customer_name, credit_limit, customer_since_on") == [
        ("1", "钢", Decimal("1.50"), date(2024, 1, 31)),
        ("3", "Z", Decimal("8.00"), date(2024, 2, 2)),
    ]
    rejected = desk.rows("select key, reason from landing.landing_rejected")
    assert rejected == (
        [("customer.CSV/part-00001.csv:2", "the record is no row: too many columns")] if result.rows_rejected else []
    )
    assert result.rows_rejected == folder.endswith("CSV")


def test_parts_with_other_columns_are_refused(desk, data):
    (data / "customer").mkdir(parents=True)
    text_table(data / "customer", "a.csv", "id,name,limit,since\n1,One,,\n")
    text_table(data / "customer", "b.csv", "id,name,limit,until\n2,Two,,\n")
    desk.source("erp", str(data), mapping())
    message = r"b\.csv: its columns are not those of a\.csv beside it \(since VARCHAR, until VARCHAR\)"
    with pytest.raises(ExtractionError, match=message):
        desk.extract("erp", "customer")


def test_a_file_and_a_folder_of_one_name_are_refused(desk, data):
    text_table(data / "customer", "a.csv", "id,name,limit,since\n1,One,,\n")
    text_table(data, "customer.csv", "id,name,limit,since\n1,One,,\n")
    desk.source("erp", str(data), mapping())
    with pytest.raises(ExtractionError, match=r"both customer and customer\.csv lie in .*: remove one of them"):
        desk.extract("erp", "customer")
