"""A mapping's SQL at the source: read-only, limited in time, its names quoted whatever they are."""

from __future__ import annotations

import secrets
import sqlite3
import time

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from pipelines.extract import ExtractionError
from pipelines.sources.reading import MappingError
from tests.integration.extracting import desk_for

HOSTILE = ['a"b', "a'b", "a b", "select", "名字 ü", '"; drop schema sd cascade; --', "a`b", "x" * 63, "Ab.c", "a{b}%s"]
TEXT = """
    kind: {kind}
    entities:
      customer:
        table: {table}
        {more}
        columns: {{customer_id: {id}, customer_name: {name}}}
"""


@pytest.fixture(scope="module")
def erp(server):
    """A database with a table whose every name is hostile, and a function that writes."""
    name = f"test_safety_{secrets.token_hex(4)}"
    server.ensure_database(name, "erp_owner")
    url = server.url("erp_owner", name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema sd; create table sd.customer (id text, name text, written int default 0)")
        connection.execute("insert into sd.customer values ('1', 'A')")
        connection.execute(
            "create function sd.write() returns boolean language sql volatile as"
            " $$ update sd.customer set written = written + 1 returning true $$"
        )
        for table in HOSTILE:
            columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in HOSTILE)
            connection.execute(sql.SQL("create table sd.{} ({})").format(sql.Identifier(table), columns))
            values = sql.SQL(", ").join(sql.Literal(f"v{number}") for number in range(len(HOSTILE)))
            connection.execute(sql.SQL("insert into sd.{} values ({})").format(sql.Identifier(table), values))
    yield url
    server.drop_database(name)


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


def yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def part(name: str) -> str:
    """A part of a dotted table name, as a mapping spells one that holds dots or quotes."""
    return '"' + name.replace('"', '""') + '"'


def place(desk, kind: str, location: str, table: str, names=("id", "name"), more: str = "") -> None:
    text = TEXT.format(kind=kind, table=yaml(table), id=yaml(names[0]), name=yaml(names[1]), more=more)
    desk.source("erp", location, text)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_names_of_tables_and_columns_are_quoted(desk, erp, number):
    name = HOSTILE[number]
    place(desk, "postgres", erp, f"sd.{part(name)}", (name, HOSTILE[number - 1]))
    desk.extract("erp", "customer")
    expected = [(f"v{number}", f"v{(number - 1) % len(HOSTILE)}")]
    assert desk.landed("customer", "customer_id, customer_name") == expected


def test_hostile_names_are_quoted_in_the_other_kinds_too(desk, tmp_path):
    sqlite, duck = tmp_path / "erp.sqlite", tmp_path / "erp.duckdb"
    columns = ", ".join(f"{part(name)} text" for name in HOSTILE)
    values = ", ".join(f"'v{number}'" for number in range(len(HOSTILE)))
    for kind, connection in (("sqlite", sqlite3.connect(sqlite)), ("duckdb", duckdb.connect(str(duck)))):
        for table in HOSTILE:
            connection.execute(f"create table {part(table)} ({columns})")
            connection.execute(f"insert into {part(table)} values ({values})")
        connection.commit()
        connection.close()
        for number, name in enumerate(HOSTILE):
            place(desk, kind, str(sqlite if kind == "sqlite" else duck), name if kind == "sqlite" else part(name),
                  (name, HOSTILE[number - 1]))  # fmt: skip
            desk.run("truncate landing.customer, control.watermark")
            desk.extract("erp", "customer")
            assert desk.landed("customer", "customer_id") == [(f"v{number}",)]


@pytest.mark.parametrize("kind", ["mysql", "sqlalchemy"])
def test_hostile_names_are_quoted_in_a_mariadb(desk, mariadb, kind):
    url = mariadb.set(drivername="mysql+pymysql")
    location = (mariadb if kind == "mysql" else url).render_as_string(hide_password=False)
    engine = sa.create_engine(url)
    names = [*HOSTILE, "a\\", "a%b", "a:b"]

    def quoted(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    columns = ", ".join(f"{quoted(name)} varchar(9)" for name in names)
    values = ", ".join(f"'v{number}'" for number in range(len(names)))
    for number, table in enumerate(names):
        connection = engine.raw_connection()
        for statement in (f"drop table if exists {quoted(table)}", f"create table {quoted(table)} ({columns})",
                          f"insert into {quoted(table)} values ({values})"):  # fmt: skip
            connection.cursor().execute(statement)
        connection.commit()
        place(desk, kind, location, part(table), (table, names[number - 1]))
        desk.run("truncate landing.customer, control.watermark")
        desk.extract("erp", "customer")
        assert desk.landed("customer", "customer_id") == [(f"v{number}",)]
        connection.cursor().execute(f"drop table {quoted(table)}")
        connection.close()
    engine.dispose()


def test_a_name_longer_than_the_database_keeps_is_refused_not_shortened(desk, erp):
    place(desk, "postgres", erp, "sd.customer", ("id", "x" * 64))
    with pytest.raises(ExtractionError, match="has no column 'x{64}'"):
        desk.extract("erp", "customer")
    place(desk, "postgres", erp, "sd." + "c" * 80)
    with pytest.raises(ExtractionError, match="the source has no table"):
        desk.extract("erp", "customer")


@pytest.mark.parametrize(
    "where",
    ["true) ; drop schema sd cascade; --", "true; drop schema sd cascade", "name = 'x", "true) or (true"],
)
def test_a_condition_that_would_leave_its_statement_is_refused_before_anything_connects(desk, where):
    place(desk, "postgres", "postgresql://nobody@127.0.0.1:1/nothing", "sd.customer", more=f"where: {yaml(where)}")
    with pytest.raises(MappingError, match=r"erp\.yml:8: customer\.where: "):
        desk.extract("erp", "customer")


@pytest.mark.parametrize("kind", ["postgres", "sqlalchemy"])
def test_sql_of_a_mapping_that_writes_is_refused_by_the_source(desk, erp, kind):
    url = erp if kind == "postgres" else erp.replace("postgresql://", "postgresql+psycopg://")
    place(desk, kind, url, "sd.customer", more="where: sd.write()")
    with pytest.raises(ExtractionError, match="cannot execute UPDATE in a read-only transaction"):
        desk.extract("erp", "customer")
    with psycopg.connect(erp) as connection:
        assert connection.execute("select written from sd.customer").fetchone() == (0,)


@pytest.mark.parametrize("kind", ["sqlite", "sqlalchemy"])
def test_a_sqlite_file_is_opened_for_reading_only(desk, tmp_path, kind):
    file = tmp_path / "erp.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("create table customer (id, name)")
        connection.execute("insert into customer values (1, 'A')")
    location = str(file) if kind == "sqlite" else f"sqlite:///{file}"
    place(desk, kind, location, "customer")
    desk.extract("erp", "customer")
    statement = "select * from (delete from customer returning id, name)"
    desk.source(
        "erp",
        location,
        f"""
        kind: {kind}
        entities:
          customer: {{query: "{statement}", columns: {{customer_id: id, customer_name: name}}}}
    """,
    )
    with pytest.raises(ExtractionError):
        desk.extract("erp", "customer", "second")
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from customer").fetchone() == (1,)


@pytest.mark.parametrize("kind", ["postgres", "sqlalchemy"])
def test_a_statement_that_takes_too_long_is_ended_by_the_source(desk, erp, kind):
    url = erp if kind == "postgres" else erp.replace("postgresql://", "postgresql+psycopg://")
    desk.settings.source_statement_seconds = 1
    place(desk, kind, url, "sd.customer", more="where: (select true from pg_sleep(30))")
    began = time.monotonic()
    with pytest.raises(ExtractionError, match="canceling statement due to statement timeout") as error:
        desk.extract("erp", "customer")
    assert time.monotonic() - began < 20
    assert not error.value.is_lasting
    with psycopg.connect(erp) as connection:
        running = "select count(*) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
        assert connection.execute(running + " and state = 'active'").fetchone() == (0,)
