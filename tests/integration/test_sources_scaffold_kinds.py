"""`cvp sources scaffold` on MariaDB and on a DuckDB file: from tables to a mapping that is checked and pulled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest
import sqlalchemy as sa

from pipelines.connect.check import check_source
from pipelines.connect.scaffold import scaffold
from pipelines.settings import get_settings
from pipelines.sources.reading import MappingError, read_mapping
from tests.integration.extracting import desk_for

TABLES = """
create table kunden (
    kunden_nr int unsigned primary key, firma varchar(100) not null comment 'Name des Kunden',
    branche enum('auto', 'bau'), kreditlimit decimal(12, 2), kunde_seit date,
    geaendert timestamp not null default '2024-01-31 10:00:00', gelöscht boolean not null default false,
    key nach_aenderung (geaendert)
) comment 'Kundenstamm: alle Debitoren';
create table `artikel.stamm` (
    artikel_nr varchar(20) primary key, bezeichnung text, warengruppe varchar(20) not null
);
create table auftrag (
    auftrag_nr bigint primary key, kunden_nr int unsigned not null, auftragsdatum datetime not null,
    `storno` char(1) not null default 'N', waehrung char(3),
    foreign key (kunden_nr) references kunden (kunden_nr)
);
create table auftrag_pos (
    auftrag_nr bigint, pos smallint unsigned, artikel_nr varchar(20) not null, menge decimal(15, 3) not null,
    preis decimal(11, 4) not null comment 'Nettopreis je Einheit', primary key (auftrag_nr, pos),
    foreign key (auftrag_nr) references auftrag (auftrag_nr),
    foreign key (artikel_nr) references `artikel.stamm` (artikel_nr)
);
create view kunden_sicht as select kunden_nr, firma from kunden;
insert into kunden (kunden_nr, firma, branche, kreditlimit) values (1, 'Müller & Söhne', 'auto', 10.5);
insert into kunden (kunden_nr, firma, gelöscht) values (2, '宝钢', false), (3, 'weg', true);
insert into `artikel.stamm` values ('A1', null, 'coil');
insert into auftrag values (7, 1, '2024-01-31 16:30:00', 'N', 'EUR'), (8, 2, '2024-01-30 09:00:00', 'J', 'EUR');
insert into auftrag_pos values (7, 1, 'A1', 2.5, 19.9000), (7, 2, 'A1', 1, 0.005), (8, 1, 'A1', 3, 1);
"""


@pytest.fixture
def erp(mariadb):
    """A German ERP with comments, references, an enumeration, a boolean, a view, and a dot in a table's name.

    It is a database of its own: other tests leave tables in the common one.
    """
    engine = sa.create_engine(mariadb.set(drivername="mysql+pymysql"))
    with engine.begin() as connection:
        connection.exec_driver_sql("drop database if exists erp_german")
        connection.exec_driver_sql("create database erp_german character set utf8mb4")
        connection.exec_driver_sql("use erp_german")
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    yield mariadb.set(database="erp_german").render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop database erp_german")
    engine.dispose()


def test_a_mariadb_is_looked_at_filled_in_checked_and_pulled(erp, module_warehouse, tmp_path):
    file = tmp_path / "erp.yml"
    file.write_text(scaffold(get_settings(), erp, "erp").text, "utf-8")
    text = file.read_text("utf-8")
    for line in (
        "kind: mysql",
        "table: kunden                            # guess: its name",
        'table: "\\"artikel.stamm\\""',
        "customer_id: kunden_nr                 # guess: primary key of kunden",
        "customer_name: firma                   # guess: its name; its comment: Name des Kunden",
        "customer_since_on: kunde_seit          # guess: its name",
        "customer_id: kunden_nr                 # guess: references kunden",
        "ordered_on: auftragsdatum              # guess: its name",
        "product_id: artikel_nr                 # guess: references artikel.stamm",
        "unit_price: preis                      # guess: ",
        "change_marker: {column: geaendert, type: timestamp}",
        'deletion: {flag: "gelöscht"}',
        "#   kunden_sicht (kunden_nr, firma)",
    ):
        assert line in text, text
    assert "no index begins with it" not in text
    with pytest.raises(MappingError) as error:
        read_mapping(file)
    gaps = str(error.value).splitlines()
    assert [gap.partition(": ")[2].partition(":")[0] for gap in gaps] == [
        "sales_order.is_cancelled.codes.J", "sales_order.is_cancelled.codes.N",
    ], gaps  # fmt: skip
    file.write_text(text.replace('"J": FILL_IN', '"J": true').replace('"N": FILL_IN', '"N": false'), "utf-8")
    desk = desk_for(module_warehouse, tmp_path)
    desk.source("erp", erp)
    report = check_source(desk.settings, "erp")
    assert not report.findings, [str(finding) for finding in report.findings]
    for entity in ("customer", "product", "sales_order", "sales_order_line"):
        desk.extract("erp", entity)
    assert desk.landed("customer", "customer_id, customer_name, industry, credit_limit") == [
        ("1", "Müller & Söhne", "auto", Decimal("10.5")), ("2", "宝钢", None, None),
    ]  # fmt: skip
    assert desk.landed("sales_order", "order_id, ordered_on, is_cancelled") == [
        ("7", date(2024, 1, 31), False), ("8", date(2024, 1, 30), True),
    ]  # fmt: skip
    assert desk.landed("sales_order_line", "order_id, line_number, unit_price") == [
        ("7", 1, Decimal("19.9")), ("7", 2, Decimal("0.005")), ("8", 1, Decimal(1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "values", "guess"),
    [
        ("deleted boolean", ["false", "true", "null"], "{flag: deleted}"),
        ("deleted varchar", ["'N'", "'Y'", "''"], "{flag: deleted}"),
        ("deleted varchar", ["''", "'X'", "null"], '{flag: deleted, values: ["X"]}'),
        ("deleted varchar", ["'A'", "'D'", "''"], "{flag: deleted, values: [FILL_IN]}"),
        ("deleted varchar", ["''", "null"], "{flag: deleted, values: any}"),
        ("deleted_at timestamp", ["null", "timestamp '2024-01-31'"], "{flag: deleted_at, values: any}"),
    ],
)
def test_what_a_deletion_flag_means_is_guessed_from_its_values_and_never_that_all_is_deleted(
    tmp_path, column, values, guess
):
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as connection:
        connection.execute(f"create table customer (customer_id int primary key, customer_name text, {column})")
        for number, value in enumerate(values):
            connection.execute(f"insert into customer values ({number}, 'N', {value})")
    text = scaffold(get_settings(), str(tmp_path / "crm.duckdb"), "crm").text
    assert f"deletion: {guess} " in text, text


def test_a_duckdb_file_with_references_and_comments_is_looked_at_checked_and_pulled(module_warehouse, tmp_path):
    place = tmp_path / "erp.duckdb"
    with duckdb.connect(str(place)) as connection:
        connection.execute(
            "create schema sales; create table sales.clients (no int primary key, company text);"
            "create table sales.articles (sku text primary key, category text);"
            "create table sales.orders (no int primary key, buyer int references sales.clients (no), day date);"
            "create table sales.order_lines (order_no int references sales.orders (no), pos int, sku text, qty int,"
            " price decimal(18, 4), primary key (order_no, pos));"
            "comment on column sales.orders.day is 'order date';"
            "insert into sales.clients values (1, 'One'); insert into sales.articles values ('P', 'coil');"
            "insert into sales.orders values (5, 1, '2024-01-31');"
            "insert into sales.order_lines values (5, 1, 'P', 2, 0.0050)"
        )
    file = tmp_path / "erp.yml"
    written = scaffold(get_settings(), str(place), "erp")
    file.write_text(written.text, "utf-8")
    assert written.gaps == 0, written.text
    assert "customer_id: buyer                     # guess: references clients" in written.text
    desk = desk_for(module_warehouse, tmp_path)
    desk.source("erp", str(place))
    assert not check_source(desk.settings, "erp").findings
    for entity in ("customer", "product", "sales_order", "sales_order_line"):
        desk.extract("erp", entity)
    assert desk.landed("sales_order_line", "order_id, line_number, quantity, unit_price") == [
        ("5", 1, Decimal(2), Decimal("0.005"))
    ]
