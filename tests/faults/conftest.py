"""Sources for the fault tests: databases with enough rows for a fault to strike in the middle of a pull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.extract.engine import load_extension, open_engine, quote_text
from pipelines.extract.mysql import connection_string
from pipelines.settings import get_settings
from tests.integration.extracting import Desk, desk_for

ROWS = 60_000
MAPPING = """
    kind: {kind}
    time_zone: Asia/Shanghai
    entities:
      customer:
        table: customers
        change_marker: {{column: changed, overlap_minutes: 60}}
        columns: {{customer_id: id, customer_name: name, industry: filler}}
      product:
        table: products
        columns: {{product_id: id, product_family: name}}
"""
# MySQL's protocol is compressed: text that does not shrink to nothing.
FILLER = "concat(md5({0}), md5(concat({0}, 'a')), md5(concat({0}, 'b')))"
TABLES = (
    "create table customers (id integer primary key, name varchar(20), filler varchar(100), changed timestamp null)",
    "create table products (id integer primary key, name varchar(20))",
)


@dataclass(frozen=True)
class Erp:
    """A source database with ROWS customers and ten products."""

    kind: str
    url: sa.URL

    @property
    def mapping(self) -> str:
        return MAPPING.format(kind=self.kind)

    def location(self, port: int | None = None) -> str:
        return self.url.set(port=port or self.url.port).render_as_string(hide_password=False)


@pytest.fixture
def desk(module_warehouse, tmp_path) -> Desk:
    """A warehouse with a night begun."""
    found = desk_for(module_warehouse, tmp_path)
    found.start("night")
    return found


@pytest.fixture(scope="session")
def postgres_erp(server) -> Iterator[Erp]:
    server.drop_database("faulty_erp")
    server.ensure_database("faulty_erp", "erp_owner")
    url = sa.make_url(server.url("erp_owner", "faulty_erp"))
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in TABLES:
            connection.execute(statement)
        numbers = f"generate_series(1, {ROWS}) as n"
        connection.execute(
            f"insert into customers select n, 'N', {FILLER.format('n::text')}, '2024-01-01' from {numbers}"
        )
        connection.execute("insert into products select n, 'steel' from generate_series(1, 10) as n")
    yield Erp("postgres", url)
    server.drop_database("faulty_erp")


@pytest.fixture(scope="session")
def mysql_erp(mariadb) -> Iterator[Erp]:
    with open_engine(get_settings()) as engine:
        load_extension(engine, "mysql_scanner")
        url = mariadb.render_as_string(hide_password=False)
        engine.execute(f"attach {quote_text(connection_string(url))} as erp (type mysql)")
        numbers = f"seq_1_to_{ROWS}"
        for statement in (
            "drop table if exists customers, products",
            *TABLES,
            f"insert into customers select seq, 'N', {FILLER.format('seq')}, '2024-01-01' from {numbers}",
            "insert into products select seq, 'steel' from seq_1_to_10",
        ):
            engine.execute(f"call mysql_execute('erp', {quote_text(statement)})")
        yield Erp("mysql", mariadb)
        engine.execute("call mysql_execute('erp', 'drop table if exists customers, products')")
