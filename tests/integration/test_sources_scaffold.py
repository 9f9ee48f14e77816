"""`cvp sources scaffold` on two databases, a DuckDB file and a folder: guesses, gaps, and a file that loads."""

from __future__ import annotations

import json
import secrets
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import demo
from pipelines.cli import app
from pipelines.connect.check import check_source
from pipelines.connect.scaffold import ScaffoldError, default_name, scaffold
from pipelines.settings import get_settings
from pipelines.sources.reading import SHIPPED, MappingError, read_mapping
from tests.integration.extracting import text_table
from tests.integration.test_extract_real_data import FOLDER


@pytest.fixture(scope="module")
def company(server, tmp_path_factory):
    """The demo company's ERP (as its reader sees it) and its CRM file."""
    name = f"test_scaffold_{secrets.token_hex(4)}"
    server.ensure_database(name, "erp_owner")
    crm = tmp_path_factory.mktemp("crm") / "service.sqlite"
    demo.build(server.url("erp_owner", name), crm, demo.DemoSize(100, 5000), date(2026, 6, 28))
    yield server.url("erp_reader", name), crm
    server.drop_database(name)


def written(tmp_path: Path, place: object, name: str) -> Path:
    file = tmp_path / f"{name}.yml"
    file.write_text(scaffold(get_settings(), str(place), name).text, "utf-8")
    return file


def guessed(text: str) -> dict[tuple[str, str], str]:
    """(entity, column) -> source column of the lines that are guesses."""
    found, entity = {}, ""
    for line in text.splitlines():
        indent, words = len(line) - len(line.lstrip()), line.split()
        if indent == 2 and line.endswith(":"):
            entity = words[0].rstrip(":")
        elif indent == 6 and "# guess: " in line and not line.lstrip().startswith("#"):
            name, _, value = line.partition("#")[0].strip().partition(": ")
            found[entity, name] = value.removeprefix("{column: ").partition(",")[0]
    return found


def mapped(name: str) -> dict[tuple[str, str], str]:
    """What the shipped mapping takes from a plain column."""
    return {
        (entity, column): origin.column
        for entity, mapping in read_mapping(SHIPPED / f"{name}.yml").entities.items()
        for column, origin in mapping.columns.items()
        if origin.column is not None
    }


@pytest.mark.parametrize(("number", "shipped"), [(0, "demo_sales"), (1, "demo_service")])
def test_most_guesses_are_what_a_person_wrote_and_units_are_named_beside_them(company, number, shipped):
    text = scaffold(get_settings(), str(company[number]), "erp").text
    guesses, right = guessed(text), mapped(shipped)
    wrong = {key: guesses.get(key) for key, column in right.items() if guesses.get(key) != column}
    assert len(wrong) <= 0.05 * len(right), wrong
    if shipped == "demo_sales":
        assert "quantity: kwmeng                       # guess: its name; its comment: Auftragsmenge in vrkme" in text
        assert "change_marker: {column: aedat, type: timestamp} # guess: its name" in text
        assert "its key is kurst, fcurr, tcurr, gdatu, but currency, rate_on must be unique" in text
        assert "#   sd.vbkp (vbeln_k, posnr_k, matkl, zmeng, vrkme, aedat): Kontraktpositionen" in text


def test_a_scaffold_is_refused_until_a_person_fills_it_and_then_the_source_can_be_checked(company, tmp_path):
    file = written(tmp_path, company[0], "erp")
    with pytest.raises(MappingError) as error:
        read_mapping(file)
    lines = str(error.value).splitlines()
    assert len(lines) == 12
    assert all("FILL_IN is left: write what belongs there, or take the line out" in line for line in lines)
    assert any(f"{file}:" in line and "sales_order.is_cancelled.codes.A" in line for line in lines)
    text = file.read_text("utf-8")
    for code, target in (("X", "true"), ("-", "false"), ("A", "false"), ("C", "true"), ("00", "false"), ("10", "true"),
                         ("20", "true"), ("30", "true"), ("K1", "preferred"), ("K2", "partner"),
                         ("K3", "strategic_alliance")):  # fmt: skip
        text = text.replace(f'"{code}": FILL_IN', f'"{code}": {target}')
    file.write_text(text, "utf-8")
    assert list(read_mapping(file).entities)[:4] == ["customer", "product", "sales_order", "sales_order_line"]
    settings = get_settings().model_copy(update={"sources": {"erp": company[0]}, "mapping_folders": [tmp_path]})
    report = check_source(settings, "erp")
    errors = [finding for finding in report.findings if finding.severity == "error"]
    # a delivery has several positions, and the rate table may need its `where`: the check says so
    assert {finding.where for finding in errors} - {"erp.exchange_rate"} == {"erp.delivery"}
    (doubled,) = (finding.message for finding in errors if finding.where == "erp.delivery")
    assert "would be set aside for a key (delivery_id) that comes more than once, such as 0080" in doubled
    assert {entity.entity: entity.sampled > 0 for entity in report.entities} == dict.fromkeys(
        read_mapping(file).entities, True
    )


def test_northwind_lacks_one_thing_and_says_how_to_do_without(tmp_path):
    if not (FOLDER / "northwind").is_dir():
        pytest.skip(f"the real data sets are not in {FOLDER}")
    file = written(tmp_path, FOLDER / "northwind" / "northwind.sqlite", "northwind")
    text = file.read_text("utf-8")
    assert "table: Order Details                     # guess: its name" in text
    assert "customer_id: CustomerID                # guess: references Customers" in text
    assert (
        "product_family: CategoryID             # guess: its name; it references Categories: a query can join" in text
    )
    assert "Discount is left over: where prices are before it" in text
    assert "RequiredDate of Orders might serve" in text
    assert "ShippedDate of Orders might serve" in text
    with pytest.raises(MappingError, match=r"sales_order_line\.line_number: FILL_IN is left") as error:
        read_mapping(file)
    assert len(str(error.value).splitlines()) == 1
    file.write_text(text.replace("line_number: FILL_IN", "line_number: ProductID"), "utf-8")
    assert list(read_mapping(file).entities) == ["customer", "product", "sales_order", "sales_order_line"]


def test_a_duckdb_file_and_hostile_names_come_out_as_a_file_that_can_be_read(tmp_path):
    place = tmp_path / "crm.duckdb"
    with duckdb.connect(str(place)) as connection:
        connection.execute(
            'create schema "my.crm"; create table "my.crm"."Customer" ("Customer No" integer primary key,'
            ' "name: #1; drop table" varchar, "deleted at" timestamp, "Updated At" timestamp, "Industry\nKey" varchar)'
        )
        connection.execute('comment on table "my.crm"."Customer" is \'line\nbreak: # no yaml\'')
    file = written(tmp_path, place, "crm")
    text = file.read_text("utf-8")
    assert 'table: "\\"my.crm\\".Customer"' in text
    entity = read_mapping(file).entities["customer"]
    assert entity.columns["customer_id"].column == "Customer No"
    assert entity.columns["customer_name"].column == "name: #1; drop table"
    assert entity.columns["industry"].column == "Industry\nKey"
    assert (entity.deletion.flag, entity.deletion.values) == ("deleted at", ["any"])
    assert entity.change_marker.column == "Updated At"
    settings = get_settings().model_copy(update={"sources": {"crm": str(place)}, "mapping_folders": [tmp_path]})
    assert not check_source(settings, "crm").has_errors


def test_the_format_of_a_folders_files_is_guessed(tmp_path):
    text = "KundenNr;Firma;Kreditlimit\n1;宝钢;1,5\n2;鞍钢;2,25\n"
    text_table(tmp_path / "data", "kunden.csv", text, "gb18030")
    file = written(tmp_path, tmp_path / "data", "erp")
    mapping = read_mapping(file)
    assert (mapping.files.delimiter, mapping.files.encoding, mapping.files.decimal) == (";", "gb18030", ",")
    found = {name: origin.column for name, origin in mapping.entities["customer"].columns.items()}
    assert found == {"customer_id": "KundenNr", "customer_name": "Firma", "credit_limit": "Kreditlimit"}


def test_a_file_in_another_encoding_is_left_to_a_mapping_of_its_own(tmp_path):
    text_table(tmp_path / "data", "kunden.csv", "KundenNr;Firma\n1;Müller & Söhne\n2;Schäfer\n", "cp1252")
    text_table(tmp_path / "data", "zahlung.csv", "ZahlungNr;Währung\n1;EUR\n", "cp1252")
    text_table(tmp_path / "data", "客户调查.csv", "编号;客户\nS1;宝钢\n", "gb18030")
    file = written(tmp_path, tmp_path / "data", "crm")
    assert read_mapping(file).files.encoding == "cp1252"
    assert "客户调查 is written otherwise" in file.read_text("utf-8")
    settings = get_settings().model_copy(
        update={"sources": {"crm": str(tmp_path / "data")}, "mapping_folders": [tmp_path]}
    )
    assert [entity.rows for entity in check_source(settings, "crm").entities] == [2]


def test_a_table_that_holds_orders_and_lines_serves_both(tmp_path):
    sales = "SalesOrderNumber,SalesOrderLineNumber,ResellerKey,OrderDate,ProductKey,OrderQuantity,UnitPrice\n"
    text_table(tmp_path / "data", "FactSales.csv", sales + "S1,1,7,2024-01-31,5,2,1.5\nS1,2,7,2024-01-31,6,1,2\n")
    file = written(tmp_path, tmp_path / "data", "star")
    mapping = read_mapping(file)
    assert list(mapping.entities) == ["sales_order", "sales_order_line"]
    settings = get_settings().model_copy(
        update={"sources": {"star": str(tmp_path / "data")}, "mapping_folders": [tmp_path]}
    )
    report = check_source(settings, "star")
    assert not report.findings
    assert {entity.entity: entity.rows for entity in report.entities} == {"sales_order": 1, "sales_order_line": 2}


def test_a_discount_beside_the_price_and_dates_that_stand_at_the_order_are_pointed_at(tmp_path):
    orders = "OrderID,CustomerID,OrderDate,RequiredDate,ShippedDate\n1,A,2024-01-01,2024-01-09,2024-01-08\n"
    text_table(tmp_path / "data", "Orders.csv", orders)
    lines = "OrderID,LineNo,ProductID,Quantity,UnitPrice,折扣\n1,1,P,2,10,0.15\n"
    text_table(tmp_path / "data", "OrderLines.csv", lines)
    file = written(tmp_path, tmp_path / "data", "erp")
    text = file.read_text("utf-8")
    assert "# promised_on: not found (date); RequiredDate of Orders might serve, joined by a query: see" in text
    assert "# delivery: ShippedDate of Orders might serve, by a query with a row per line shipped: see" in text
    price = next(line for line in text.splitlines() if "      unit_price: UnitPrice" in line)
    net = price.partition("折扣 is left over: where prices are before it, and it is a share, ")[2]
    # what is offered can be taken as it stands
    file.write_text(text.replace(price, f"      unit_price: {net}"), "utf-8")
    settings = get_settings().model_copy(
        update={"sources": {"erp": str(tmp_path / "data")}, "mapping_folders": [tmp_path]}
    )
    report = check_source(settings, "erp")
    assert [(entity.rows, entity.set_aside) for entity in report.entities] == [(1, {}), (1, {})]
    assert not report.has_errors


def test_a_discount_whose_numbers_go_beyond_one_is_offered_as_percent(tmp_path):
    lines = "OrderID;LineNo;ProductID;Quantity;UnitPrice;Rabatt\n1;1;P;2;10,5;12,5\n1;2;P;2;10,5;0\n"
    text_table(tmp_path / "data", "OrderLines.csv", lines)
    text = written(tmp_path, tmp_path / "data", "erp").read_text("utf-8")
    assert 'and it is percent, {expression: \'cast("UnitPrice" as decimal(19,4)) * (1 - cast("Rabatt" as' in text
    assert "decimal(9,4)) * 0.01)'}" in text


def test_nothing_is_pointed_at_where_line_and_delivery_have_their_own(company):
    text = scaffold(get_settings(), str(company[0]), "erp").text
    assert "might serve" not in text
    assert "is left over" not in text


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda folder: folder / "nothing.sqlite", "there is no file or folder"),
        (lambda folder: text_table(folder, "a.txt", "x"), "is neither a SQLite nor a DuckDB file: for CSV or Parquet"),
        (lambda folder: folder, "has no table"),
        (lambda folder: "https://shop.example/api", "an API has no tables to look at: begin with the example"),
        (lambda folder: "postgresql://nobody:s3cret@127.0.0.1:1/nothing", "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_looked_at_is_named_without_its_password(tmp_path, make, fault):
    with pytest.raises(ScaffoldError, match=fault) as error:
        scaffold(get_settings(), str(make(tmp_path)), "erp")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("postgresql://u:p@h:5432/ERP-Live", "erp_live"),
        ("/data/crm.sqlite", "crm"),
        ("/data/Export 2024/", "export_2024"),
        ("mysql://u@h/7", "source"),
    ],
)
def test_a_name_is_made_of_the_place(location, name):
    assert default_name(location) == name


def test_the_command_writes_a_file_and_never_over_one(tmp_path, monkeypatch):
    text_table(tmp_path / "data", "customer.csv", "id,name\n1,A\n")
    out = tmp_path / "mappings" / "new" / "erp.yml"
    arguments = ["sources", "scaffold", str(tmp_path / "data"), "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "1 entity guessed, 0 places to fill in" in " ".join(done.output.split())
    assert read_mapping(out).source_system == "erp"
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    assert CliRunner().invoke(app, ["sources", "scaffold", str(tmp_path / "none")]).exit_code == 1
    # a place with a password in it stands in the settings, not in the shell's history
    monkeypatch.setenv("CVP_SOURCES", json.dumps({"shop": str(tmp_path / "data")}))
    get_settings.cache_clear()
    assert "source_system: shop" in CliRunner().invoke(app, ["sources", "scaffold", "shop"]).output
    under_a_file = CliRunner().invoke(app, [*arguments[:-1], str(out / "crm.yml")])
    assert under_a_file.exit_code == 2
    assert "cannot be written: File exists; name another place by --out" in " ".join(under_a_file.output.split())
