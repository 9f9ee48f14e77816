"""`cvp sources check` on a source of every kind: what is wrong is named with file, line and cure, by exit code 1."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.connect import check as check_module
from pipelines.extract import rest_client
from pipelines.settings import get_settings
from tests.api_server import serve
from tests.integration.extracting import text_table

ROWS = 60
CUSTOMERS = [(number, f"N{number}", number / 4, "CN") for number in range(1, ROWS + 1)]
TABLE = "create table customers (id integer, name varchar(20), credit decimal(10, 2), country varchar(2))"
MAPPING = """source_system: erp
description: of a test
kind: {kind}
{more}
entities:
  customer:
    table: {table}
    columns:
      customer_id: id
      customer_name: name
      credit_limit: credit
      region: country
"""


@dataclass(frozen=True)
class Place:
    """Where a source is, and its mapping; nothing is wrong with it."""

    location: str
    kind: str
    table: str = "customers"
    more: str = "# of nothing more"

    @property
    def mapping(self) -> str:
        return MAPPING.format(kind=self.kind, table=self.table, more=self.more)


def _by_sqlalchemy(url: sa.URL | str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists customers"))
        connection.execute(sa.text(TABLE))
        rows = [dict(zip(("id", "name", "credit", "country"), row, strict=True)) for row in CUSTOMERS]
        connection.execute(sa.text("insert into customers values (:id, :name, :credit, :country)"), rows)
    engine.dispose()


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def places(request, tmp_path_factory) -> Iterator[Callable[[str], Place]]:
    """The same sixty customers as a source of any kind; made when asked for."""
    folder: Path = tmp_path_factory.mktemp("places")
    serving, made = ExitStack(), {}

    def postgres() -> Place:
        server = request.getfixturevalue("server")
        server.drop_database("test_kinds_erp")
        server.ensure_database("test_kinds_erp", "erp_owner")
        serving.callback(server.drop_database, "test_kinds_erp")
        url = server.url("erp_owner", "test_kinds_erp")
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
            connection.cursor().executemany("insert into customers values (%s, %s, %s, %s)", CUSTOMERS)
        return Place(url, "postgres")

    def mysql() -> Place:
        url = request.getfixturevalue("mariadb")
        _by_sqlalchemy(url.set(drivername="mysql+pymysql"))
        return Place(_text(url), "mysql")

    def sqlalchemy_mysql() -> Place:
        url = sa.make_url(mysql().location).set(drivername="mysql+pymysql")
        return Place(_text(url), "sqlalchemy")

    def sqlite() -> Place:
        with sqlite3.connect(folder / "erp.sqlite") as connection:
            connection.execute(TABLE)
            connection.executemany("insert into customers values (?, ?, ?, ?)", CUSTOMERS)
        connection.close()
        return Place(str(folder / "erp.sqlite"), "sqlite")

    def duck() -> Place:
        with duckdb.connect(str(folder / "erp.duckdb")) as connection:
            connection.execute(TABLE)
            connection.executemany("insert into customers values (?, ?, ?, ?)", CUSTOMERS)
        return Place(str(folder / "erp.duckdb"), "duckdb")

    def csv() -> Place:
        lines = "".join(f"{number};{name};{f'{credit:.2f}'.replace('.', ',')};{country}\r\n"
                        for number, name, credit, country in CUSTOMERS)  # fmt: skip
        text_table(folder / "csv", "customers.csv", "id;name;credit;country\r\n" + lines)
        return Place(str(folder / "csv"), "files", more='files: {delimiter: ";", decimal: ","}')

    def parquet() -> Place:
        (folder / "parquet").mkdir()
        with duckdb.connect(duck().location if not (folder / "erp.duckdb").exists() else str(folder / "erp.duckdb"),
                            read_only=True) as connection:  # fmt: skip
            connection.execute(f"copy customers to '{folder / 'parquet' / 'customers.parquet'}'")
        return Place(str(folder / "parquet"), "files")

    def rest() -> Place:
        api = serving.enter_context(serve())
        names = ("id", "name", "credit", "country")
        api.records = [json.dumps(dict(zip(names, row, strict=True))) for row in CUSTOMERS]
        return Place(api.url, "rest", "items", "rest: {records: data.items, total: meta.total}")

    makers = {
        "postgres": postgres, "mysql": mysql, "sqlite": sqlite, "duckdb": duck, "csv": csv, "parquet": parquet,
        "sqlalchemy": sqlalchemy_mysql, "rest": rest,
    }  # fmt: skip

    def place(kind: str) -> Place:
        if kind not in made:
            made[kind] = makers[kind]()
        return made[kind]

    with serving:
        yield place


KINDS = ["postgres", "mysql", "sqlite", "duckdb", "csv", "parquet", "sqlalchemy", "rest"]


@pytest.fixture
def check(tmp_path):
    """The command's exit code and its text on one line, with the mapping file's name for its path."""

    def run(place: Place, mapping: str) -> tuple[int, str]:
        (tmp_path / "erp.yml").write_text(mapping, "utf-8")
        environment = {"CVP_MAPPING_FOLDERS": str(tmp_path), "CVP_SOURCES__erp": place.location}
        get_settings.cache_clear()
        try:
            done = CliRunner().invoke(app, ["sources", "check", "erp"], env=environment)
        finally:
            get_settings.cache_clear()
        return done.exit_code, " ".join(done.output.split()).replace(str(tmp_path / "erp.yml"), "erp.yml")

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_mapping_is_passed_with_its_rows(places, check, kind):
    place = places(kind)
    code, text = check(place, place.mapping)
    assert (code, "error" in text, "warning" in text) == (0, False, False), text
    assert "│ 60 │ 60 │ 0 │" in text or " 60 60 0 " in text.replace("│", " "), text


WRONG = [
    ("customer_name: name", "customer_name: nmae",
     "error erp.yml:10: erp.customer.customer_name: {table} has no column 'nmae'; did you mean name?"),
    ("region: country", "region: county",
     "error erp.yml:12: erp.customer.region: {table} has no column 'county'; did you mean country?"),
    ("table: {table}", "table: nothing", "error erp.yml:7: erp.customer.table: "),
    ("credit_limit: credit", "credit_limit: name",
     'error erp.yml:6: erp.customer: 60 of 60 sampled rows would be set aside: 60 x credit_limit is no number ("N'),
    ("credit_limit: credit", "credit_limit: {expression: credt * 2}",
     "error erp.yml:11: erp.customer.credit_limit.expression: {table} has no column 'credt'"),
    ("    columns:", "    change_marker: {column: chnged}\n    columns:",
     "error erp.yml:8: erp.customer.change_marker: {table} has no column 'chnged'"),
    ("    columns:", "    deletion: {flag: gone}\n    columns:",
     "error erp.yml:8: erp.customer.deletion: {table} has no column 'gone'"),
    ("customer_id: id", "customer_id: country", "60 x duplicate key"),
    ("    columns:", "    where: nmae > 1\n    columns:", "error erp.yml:8: erp.customer.where: cannot be read: "),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_mapping_is_refused_with_file_line_and_cure(places, check, kind):
    place = places(kind)
    for right, wrong, fault in WRONG:
        if ("change_marker" in wrong and place.kind == "files") or ("where" in wrong and place.kind == "rest"):
            continue
        before = right.replace("{table}", place.table)
        assert before in place.mapping
        code, text = check(place, place.mapping.replace(before, wrong))
        assert code == 1, (wrong, text)
        assert fault.replace("{table}", place.table) in text, text
        assert "where" not in wrong or "nmae" in text.partition("cannot be read: ")[2][:60], text


@pytest.mark.parametrize("kind", KINDS)
def test_doubled_keys_are_counted_of_all_rows_where_the_sample_is_smaller(places, check, kind, monkeypatch):
    monkeypatch.setattr(check_module, "SAMPLE_ROWS", 10)
    place = places(kind)
    code, text = check(place, place.mapping.replace("customer_id: id", "customer_id: {constant: x}"))
    # an API would have to list all of it once more
    counted = "10 of the 10 sampled rows, and perhaps more," if kind == "rest" else "60 of all 60 rows"
    fault = "would be set aside for a key (customer_id) that comes more than once, such as x; more than 5.0% stop"
    assert code == 1
    assert f"error erp.yml:9: erp.customer.customer_id: {counted} {fault}" in text, text


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_that_does_not_answer_is_refused_with_file_line_and_no_password(places, check, kind, monkeypatch):
    monkeypatch.setattr(rest_client, "FIRST_WAIT_SECONDS", 0.01)
    place = places(kind)
    if "://" in place.location:
        url = sa.make_url(place.location).set(port=1)
        nowhere = Place(_text(url), place.kind, place.table, place.more)
    else:
        nowhere = Place("/nowhere/at/all", place.kind, place.table, place.more)
    code, text = check(nowhere, place.mapping)
    assert code == 1
    assert "error erp.yml:" in text
    assert "cannot be read" in text
    password = sa.make_url(place.location).password if "://" in place.location else None
    assert not password or password not in text


def test_a_column_that_is_always_empty_and_a_flag_that_marks_most_rows_are_asked_about(places, check):
    place = places("sqlite")
    text = place.mapping.replace("region: country", "region: {expression: \"nullif(country, 'CN')\"}")
    code, said = check(place, text)
    assert (code, "warning erp.yml:12: erp.customer.region: is empty in all 60 sampled rows" in said) == (0, True), said
    text = place.mapping.replace("    columns:", "    deletion: {flag: country, values: any}\n    columns:")
    code, said = check(place, text)
    assert "warning erp.yml:8: erp.customer.deletion: marks 60 of 60 sampled rows as deleted" in said


def test_an_instant_of_mysql_that_a_query_makes_a_local_time_is_named(places, check):
    """A TIMESTAMP is given in UTC; unsaid, it would be taken for the time of `time_zone`, an hour or eight off."""
    place = places("mysql")
    engine = sa.create_engine(sa.make_url(place.location).set(drivername="mysql+pymysql"))
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists gone_out")
        connection.exec_driver_sql("create table gone_out (id integer, left_at timestamp null, noted_at datetime)")
        connection.exec_driver_sql("insert into gone_out values (1, '2024-01-31 22:30:00', '2024-01-31 22:30:00')")
    query = (
        "customer_since_on: {}\n    query: select c.*, left_at, noted_at, {} from customers c join gone_out using (id)"
    )
    right = place.mapping.replace("    table: customers\n", "")
    try:
        for column, expression, said in (
            ("left_at", "1 as one", "left_at is a TIMESTAMP in gone_out: a query gives it in UTC"),
            ("noted_at", "1 as one", ""),
            ("at", "concat(left_at, '+00:00') as at", ""),
        ):
            code, text = check(place, f"{right}      {query.format(column, expression)}\n")
            assert code == 0, text
            assert ("is a TIMESTAMP" in text, said in text) == (bool(said), True), text
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("drop table gone_out")
        engine.dispose()
