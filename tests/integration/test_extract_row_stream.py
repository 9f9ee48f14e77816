"""Databases by SQLAlchemy's URL alone, through their own drivers: exact values, increments, what is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipelines.extract import ExtractionError
from tests.integration.extracting import desk_for

MAPPING = """
    kind: sqlalchemy
    time_zone: Europe/Berlin
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 0}
        columns: {customer_id: id, customer_name: name, credit_limit: lim, customer_since_on: since}
"""
NUMBERS = {"postgresql+psycopg": "numeric", "mysql+pymysql": "decimal(60, 25)"}
EXACT = ["9007199254740993.000000001", "0.1", "1e-20", "123456789012345678901234567890.5", "0.005", "-0.005", "19.90"]


@pytest.fixture(params=list(NUMBERS))
def database(request, server, desk):
    """An empty database reached by its own driver."""
    if request.param.startswith("mysql"):
        url = request.getfixturevalue("mariadb")
    else:
        name = f"erp_{desk.settings.warehouse_database}"
        server.ensure_database(name, "erp_owner")
        request.addfinalizer(lambda: server.drop_database(name))
        url = sa.make_url(server.url("erp_owner", name))
    url = url.set(drivername=request.param)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists customers")
        connection.exec_driver_sql(
            f"create table customers (id bigint, name text, lim {NUMBERS[request.param]}, since date,"
            " changed timestamp null)"
        )
    desk.source("erp", url.render_as_string(hide_password=False), MAPPING)
    yield engine
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists customers")
    engine.dispose()


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


def insert(database: sa.Engine, *rows: tuple) -> None:
    with database.begin() as connection:
        names = ("id", "name", "lim", "since", "changed")
        values = [dict(zip(names, row, strict=True)) for row in rows]
        connection.execute(sa.text("insert into customers values (:id, :name, :lim, :since, :changed)"), values)


def test_money_and_texts_arrive_as_they_are(desk, database):
    names = ["名 😀", 'a"b', "a'b", "back\\slash", "\\.", "tab\tnewline\nreturn\r", " pad "]
    insert(database, *[(n, name, Decimal(value), "2024-01-31", None) for n, (name, value) in
                       enumerate(zip(names, EXACT, strict=True), 9007199254740993)])  # fmt: skip
    desk.extract("erp", "customer")
    landed = desk.landed("customer", "customer_id, customer_name, credit_limit, customer_since_on")
    assert [row[0] for row in landed] == [str(9007199254740993 + n) for n in range(7)]
    assert [row[1] for row in landed] == names
    assert [row[2] for row in landed] == [Decimal(value) for value in EXACT]
    assert {row[3] for row in landed} == {date(2024, 1, 31)}


@pytest.mark.parametrize("relation", ["table: customers", "query: select * from customers"])
def test_a_number_of_single_precision_keeps_all_its_digits(desk, database, relation):
    with database.begin() as connection:
        single = "float" if database.dialect.name == "mysql" else "real"
        connection.exec_driver_sql("drop table customers")
        connection.exec_driver_sql(
            f"create table customers (id int, name text, lim {single}, since date, changed timestamp null)"
        )
    amounts = ["16777216", "0.1", "19.99", "123456.79", "-0.3", None]
    insert(database, *[(n, "A", amount, None, None) for n, amount in enumerate(amounts)])
    desk.source("erp", desk.settings.sources["erp"], MAPPING.replace("table: customers", relation))
    desk.extract("erp", "customer")
    assert [row[1] for row in desk.landed("customer", "customer_id, credit_limit")] == [
        amount if amount is None else Decimal(amount) for amount in amounts
    ]


def test_what_is_no_number_sets_its_row_aside(desk, database):
    if database.dialect.name == "mysql":
        # its decimals know no other values; its dates do
        with database.begin() as connection:
            connection.exec_driver_sql("set session sql_mode = ''")
            connection.exec_driver_sql("insert into customers values (1, 'A', 1, '0000-00-00', null)")
        reason = "customer_since_on is no date"
    else:
        insert(database, (1, "A", Decimal("NaN"), None, None), (2, "B", Decimal("Infinity"), None, None))
        reason = "credit_limit is no number"
    insert(database, (3, "C", Decimal(1), None, None))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id") == [("3",)]
    assert {said for _, said in desk.rejected()} == {reason}


def test_later_pulls_land_what_changed_and_keep_the_rest(desk, database):
    insert(database, (1, "A", 1, None, "2024-01-30 10:00"), (2, "B", 2, None, "2024-01-31 10:00"))
    assert desk.extract("erp", "customer").marker_after == "2024-01-31T09:00:00+00:00"
    insert(database, (3, "C", 3, None, "2024-01-31 11:00"))
    second = desk.extract("erp", "customer", "second")
    assert (second.rows_read, second.rows_landed, second.is_full_pull) == (2, 1, False)


def test_a_driver_that_is_not_installed_is_named(desk):
    desk.source("erp", "oracle+oracledb://reader:s3cret@db.example/erp", MAPPING)
    with pytest.raises(ExtractionError, match=r"No module named 'oracledb'") as error:
        desk.extract("erp", "customer")
    assert error.value.is_lasting
    assert "s3cret" not in str(error.value)
