"""The demo company in its two real systems, and what its mapping files deliver of it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from pipelines import demo
from pipelines.contract import ENTITIES
from pipelines.demo.binary_copy import Field, encode
from pipelines.demo.timeline import NULL
from pipelines.extract import extract_entity, list_extractions
from pipelines.night import ledger
from pipelines.warehouse.schema import LANDING, LANDING_REJECTED

SIZE = demo.DemoSize(200, 12_000)
DAYS = (date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30))
REJECTS = {
    "customer": 1, "sales_order": 1, "sales_order_line": 5, "delivery": 1, "invoice": 1, "payment": 1, "contract": 1,
    "service_record": 2, "survey_response": 1, "demand_estimate": 1, "collaboration": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a demo company lives: the owner's and the reader's URL of the sales system, and the CRM's file."""

    owner: str
    reader: str
    service: Path

    def rows(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.owner) as connection:
            return connection.execute(statement).fetchall()

    def digest(self) -> str:
        """Over every row of the ERP in order of its columns, and the CRM's rows likewise."""
        total = hashlib.sha256()
        for (table,) in self.rows(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('md', 'mm', 'sd', 'fi') order by 1"
        ):
            total.update(table.encode())
            for (row,) in self.rows(f"select t::text from {table} as t order by 1"):
                total.update(row.encode())
        with sa.create_engine(f"sqlite:///{self.service}").connect() as connection:
            for table in sorted(sa.inspect(connection).get_table_names()):
                lines = sorted(map(repr, connection.execute(sa.text(f'select * from "{table}"'))))
                total.update("\n".join([table, *lines]).encode())
        return total.hexdigest()


@pytest.fixture(scope="module")
def place(server, tmp_path_factory) -> Iterator[Place]:
    """An empty database and no CRM file yet."""
    name = f"test_erp_{secrets.token_hex(6)}"
    server.ensure_database(name, "erp_owner")
    file = tmp_path_factory.mktemp("crm") / "service.sqlite"
    yield Place(server.url("erp_owner", name), server.url("erp_reader", name), file)
    server.drop_database(name)


@pytest.fixture(scope="module")
def delivered(place, module_warehouse):
    """The three nights' extraction results by day, and the warehouse they landed in."""
    demo.build(place.owner, place.service, SIZE, DAYS[0])
    sources = {"demo_sales": place.reader, "demo_service": str(place.service)}
    settings = module_warehouse.settings.model_copy(update={"sources": sources})
    results = {}
    for day in DAYS:
        demo.advance(place.owner, place.service, day)
        with ledger.exclusive(module_warehouse.engine) as connection:
            ledger.start_run(connection, f"r{day}", day, list(sources))
        results[day] = {
            work.entity: extract_entity(settings, module_warehouse.engine, work.source_system, work.entity, f"r{day}")
            for work in list_extractions(settings, list(sources))
        }
        ledger.finish_run(module_warehouse.engine, f"r{day}")
    return results, module_warehouse.engine


def test_a_company_moved_on_equals_one_built_later_and_a_day_passes_once(server, tmp_path):
    name = f"test_erp_{secrets.token_hex(6)}"
    server.ensure_database(name, "erp_owner")
    home = Place(server.url("erp_owner", name), "", tmp_path / "service.sqlite")
    try:
        assert demo.known_until(home.owner, home.service) is None
        built = demo.build(home.owner, home.service, SIZE, DAYS[0])
        first = home.digest()
        assert {name: home.rows(f"select count(*) from {name}")[0][0] for name in built.rows if "." in name} == {
            name: count for name, count in built.rows.items() if "." in name
        }
        moved = demo.advance(home.owner, home.service, DAYS[2])
        assert moved.rows["sd.vbap"] > 0
        assert moved.rows["Activity"] > 0
        after = home.digest()
        assert demo.advance(home.owner, home.service, DAYS[2]).rows == {}
        assert demo.advance(home.owner, home.service, DAYS[1]).until == DAYS[2]
        demo.build(home.owner, home.service, SIZE, DAYS[2])
        assert home.digest() == after
        file = home.service.read_bytes()
        demo.build(home.owner, home.service, SIZE, DAYS[2])
        assert home.service.read_bytes() == file
        demo.build(home.owner, home.service, SIZE, DAYS[0])
        assert home.digest() == first
        assert demo.known_until(home.owner, home.service) == DAYS[0]
    finally:
        server.drop_database(name)


def test_a_database_that_others_use_and_days_outside_the_life_are_refused(server, tmp_path):
    name = f"test_erp_{secrets.token_hex(6)}"
    server.ensure_database(name, "erp_owner")
    url, file = server.url("erp_owner", name), tmp_path / "service.sqlite"
    try:
        with psycopg.connect(url) as connection:
            connection.execute("create schema sd")
        with pytest.raises(demo.DemoError, match="not empty"):
            demo.build(url, file, SIZE, DAYS[0])
        with pytest.raises(demo.DemoError, match="build it first"):
            demo.advance(url, file, DAYS[0])
        with pytest.raises(demo.DemoError, match="lives from"):
            demo.advance(url, file, date(2030, 1, 1))
        with pytest.raises(demo.DemoError, match="100 to 100,000"):
            demo.build(url, file, demo.DemoSize(10, 1_000), DAYS[0])
    finally:
        server.drop_database(name)


def test_every_row_of_both_systems_lands_or_is_set_aside(delivered, place):
    results, _ = delivered
    sources = {"sales_order_line": "sd.vbap", "delivery": "sd.lips", "contract": "sd.vbkk", "payment": "fi.zahlung"}
    for entity, table in sources.items():
        nights = [results[day][entity] for day in DAYS]
        assert (
            sum(night.rows_landed + night.rows_rejected for night in nights)
            >= place.rows(f"select count(*) from {table}")[0][0]
        )
        assert nights[-1].rows_held == place.rows(f"select count(*) from {table}")[0][0] - REJECTS[entity]
    for night in results.values():
        for result in night.values():
            assert result.rows_read == result.rows_landed + result.rows_unchanged + result.rows_rejected


def test_only_the_rows_made_wrong_are_set_aside(delivered):
    _, engine = delivered
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(LANDING_REJECTED.c.entity, sa.func.count()).group_by(LANDING_REJECTED.c.entity)
        ).all()
    assert dict(map(tuple, found)) == REJECTS


def test_the_later_nights_pull_what_changed_only(delivered):
    results, _ = delivered
    for entity in ("sales_order", "sales_order_line", "delivery", "invoice", "payment", "interaction", "exchange_rate"):
        later = [results[day][entity] for day in DAYS[1:]]
        assert not any(result.is_full_pull for result in later)
        assert sum(result.rows_landed for result in later) > 0, entity
        assert all(result.rows_read < 0.25 * result.rows_held for result in later), entity


def test_every_column_of_the_contract_is_delivered(delivered):
    _, engine = delivered
    with engine.connect() as connection:
        for entity in ENTITIES:
            table = LANDING[entity.name]
            columns = [sa.func.count(table.c[column.name]).label(column.name) for column in entity.columns]
            counts = connection.execute(sa.select(*columns)).one()._asdict()
            assert all(counts.values()), (entity.name, counts)


def test_weights_prices_and_rates_arrive_exactly(delivered, place):
    _, engine = delivered
    tonnes, value = place.rows(
        "select sum(kwmeng) / 1000, sum(kwmeng * netpr / 1000) from sd.vbap where kwmeng > 0 and netpr >= 0"
    )[0]
    rate = place.rows("select sum(ukurs / ffact) from fi.tcurr")[0][0]
    line, quoted = LANDING["sales_order_line"], LANDING["exchange_rate"]
    with engine.connect() as connection:
        landed = connection.execute(
            sa.select(sa.func.sum(line.c.quantity), sa.func.sum(line.c.quantity * line.c.unit_price))
        ).one()
        assert tuple(landed) == (tonnes, value)
        assert connection.execute(sa.select(sa.func.sum(quoted.c.rate))).scalar_one() == rate


def test_a_reader_of_the_erp_cannot_read_the_truth(delivered, place):
    with psycopg.connect(place.reader) as connection:
        assert connection.execute("select count(*) from sd.vbak").fetchone()[0] > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from demo_truth.customer_fate")


def test_values_survive_the_binary_copy(server):
    rng = np.random.default_rng(3)
    whole = rng.integers(-(10**12), 10**12, 2_000)
    whole[::7] = NULL
    kinds = {"numeric(15,2)": 2, "numeric(15,3)": 3, "numeric(18,5)": 5, "numeric(16,0)": 0}
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        for kind, scale in kinds.items():
            connection.execute(sql.SQL("create temp table arrived (position integer, x {})").format(sql.SQL(kind)))
            fields = [Field("position", "integer", ""), Field("x", kind, "")]
            with connection.cursor().copy("copy arrived from stdin (format binary)") as copy:
                for piece in encode(fields, {"position": np.arange(len(whole)), "x": whole}):
                    copy.write(piece)
            found = [row[0] for row in connection.execute("select x from arrived order by position")]
            assert found == [None if value == NULL else Decimal(int(value)).scaleb(-scale) for value in whole]
            connection.execute("drop table arrived")
        connection.rollback()
