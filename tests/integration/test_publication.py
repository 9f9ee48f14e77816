"""Publication against readers that poll it: whole nights only, never an error, never backwards."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa

from pipelines import publish
from pipelines.night import ledger
from pipelines.publish.tables import PUBLISHED_TABLES
from pipelines.warehouse.schema import NIGHT
from tests.integration.test_ledger import enter

FIRST = date(2026, 6, 29)
CUSTOMERS = 300
KEYS = {
    "customer_tier": "customer_id text, tier text, tier_computed text, tier_since_on date, value_score float8",
    "customer_indicator_wide": "customer_id text, value_score double precision",
    "customer_indicator": "customer_id text, indicator_id text, raw_value numeric(38,12)",
    "score_change": "customer_id text, indicator_id text, contribution_change double precision",
    "scope_tier": "scope text, scope_id text, customer_id text, tier_computed text",
    "tier_summary": "scope text, scope_id text, tier text, customers bigint",
    "tier_transition": "from_tier text, to_tier text, customers bigint",
    "satisfaction_gap": "industry text, tier text, attribute text, gap double precision",
    "indicator": "indicator_id text, active_weight double precision",
    "calibration": "calibration_version integer, author text",
    "calibration_weight": "calibration_version integer, judgement_set text, indicator_id text",
}
# What else is published needs a candidate, and no rows here.
KEYS |= {
    table.candidate: ", ".join(f"{name} text" for name in table.key)
    for table in PUBLISHED_TABLES
    if table.candidate not in KEYS
}


def candidates(engine: sa.Engine, as_of: date, run_id: str, score: float) -> None:
    """Stand in for dbt: the candidates of one night, every score the same number."""
    with engine.begin() as connection:
        connection.execute(sa.update(NIGHT).values(as_of_date=as_of))
        connection.execute(sa.text("create schema if not exists candidates"))
        connection.execute(sa.text("create schema if not exists tiers"))
        connection.execute(sa.text("drop table if exists tiers.tier_rule_basis"))
        connection.execute(sa.text("create table tiers.tier_rule_basis as select 'margin_and_volume'::text as basis"))
        for name, columns in KEYS.items():
            undated = ("satisfaction_gap", "indicator", "calibration", "calibration_weight")
            dated = "" if name in undated else "as_of_date date, run_id text, "
            connection.execute(sa.text(f"drop table if exists candidates.{name}"))
            connection.execute(sa.text(f"create table candidates.{name} ({dated}{columns})"))
            connection.execute(sa.text(f"comment on table candidates.{name} is 'One row per test'"))
        numbers = f"generate_series(1, {CUSTOMERS}) as n"
        night = f"date '{as_of}', '{run_id}'"
        for statement in (
            f"customer_tier select {night}, 'c' || n, 'core', 'core', date '{as_of}', {score} from {numbers}",
            f"customer_indicator_wide select {night}, 'c' || n, {score} from {numbers}",
            f"customer_indicator select {night}, 'c' || n, 'C01', {score} from {numbers}",
            f"score_change select {night}, 'c' || n, 'C01', 0.5 from {numbers}",
            "satisfaction_gap select 'steel', 'core', 'price', -1.0",
            f"scope_tier select {night}, 'department', 'north', 'c' || n, 'core' from {numbers}",
            f"tier_summary select {night}, 'company', '', 'core', {CUSTOMERS}",
            f"tier_transition select {night}, 'core', 'core', {CUSTOMERS}",
            "indicator select 'C01', 1.0",
            "calibration select 1, 'default'",
            "calibration_weight select 1, 'default', 'C01'",
        ):
            connection.execute(sa.text(f"insert into candidates.{statement}"))


def publish_one(engine: sa.Engine, as_of: date, score: float) -> None:
    run_id = f"run-{as_of}-{score}"
    enter(engine, run_id)
    candidates(engine, as_of, run_id, score)
    publish.publish_night(engine, run_id)


def rows(engine: sa.Engine, query: str) -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_the_same_night_twice_changes_nothing_but_run_and_time(warehouse):
    for _ in range(2):
        publish_one(warehouse.engine, FIRST, 50.0)
        found = rows(warehouse.engine, "select customer_id, value_score from published.customer_tier order by 1")
        assert len(found) == CUSTOMERS
    assert rows(warehouse.engine, "select count(*) from published.customer_tier_history") == [(CUSTOMERS,)]


def test_a_past_night_again_leaves_later_nights_and_the_pointer(warehouse):
    nights = [FIRST + timedelta(days=number) for number in range(3)]
    for number, as_of in enumerate(nights):
        publish_one(warehouse.engine, as_of, float(number))
    later = (
        "select * from published.customer_tier_history where as_of_date > '2026-06-29' order by as_of_date, customer_id"
    )
    current = "select * from published.customer_tier order by customer_id"
    before = rows(warehouse.engine, later), rows(warehouse.engine, current)
    publish_one(warehouse.engine, nights[0], 77.0)
    assert (rows(warehouse.engine, later), rows(warehouse.engine, current)) == before
    past = "select distinct value_score from published.customer_tier_history where as_of_date = '2026-06-29'"
    assert rows(warehouse.engine, past) == [(77.0,)]
    kept = "select distinct as_of_date from publication.customer_indicator order by 1"
    assert [row[0] for row in rows(warehouse.engine, kept)] == nights[1:]


def test_candidates_of_another_run_are_not_published(warehouse):
    publish_one(warehouse.engine, FIRST, 1.0)
    enter(warehouse.engine, "late")
    with pytest.raises(publish.PublicationError, match="not those of run late"):
        publish.publish_night(warehouse.engine, "late")
    assert rows(warehouse.engine, "select distinct value_score from published.customer_tier") == [(1.0,)]
    with pytest.raises(ledger.RunRefused):
        publish.publish_night(warehouse.engine, "nobody")


def test_a_new_column_arrives_and_a_lost_one_is_refused(warehouse):
    publish_one(warehouse.engine, FIRST, 1.0)
    enter(warehouse.engine, "wider")
    candidates(warehouse.engine, FIRST, "wider", 2.0)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("alter table candidates.customer_tier add column region text default 'North'"))
        connection.execute(sa.text("comment on column candidates.customer_tier.region is 'Sales region''s name, 50 %'"))
    publish.publish_night(warehouse.engine, "wider")
    assert rows(warehouse.engine, "select distinct region from published.customer_tier") == [("North",)]
    comment = (
        "select col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = 'published.customer_tier'::regclass and attname = 'region'"
    )
    assert rows(warehouse.engine, comment) == [("Sales region's name, 50 %",)]
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("alter table candidates.customer_tier drop column value_score"))
    with pytest.raises(publish.PublicationError, match="value_score"):
        publish.publish_night(warehouse.engine, "wider")


def test_the_reader_role_reads_published_and_nothing_else(warehouse, server):
    publish_one(warehouse.engine, FIRST, 1.0)
    url = server.url("cvp_reader", warehouse.settings.warehouse_database)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in [*(t.view or t.name for t in PUBLISHED_TABLES), "run", "data_quality"]:
            connection.execute(f'select * from published."{table}"').fetchall()
        for forbidden in ("control.night", "candidates.customer_tier", "publication.customer_indicator"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from {forbidden}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from published.customer_tier_history")


class Reader(threading.Thread):
    """Polls the current tables until told to stop; counts reads, torn ones and errors."""

    def __init__(self, url: str, repeatable: bool, stop: threading.Event) -> None:
        super().__init__()
        self.url, self.repeatable, self.stop = url, repeatable, stop
        self.reads, self.torn, self.errors = 0, 0, []

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self.stop.is_set():
                try:
                    self.torn += self._look_once(connection)
                    self.reads += 1
                except psycopg.Error as error:
                    self.errors.append(str(error))

    def _look_once(self, connection: psycopg.Connection) -> bool:
        whole = (
            "select count(*), count(distinct (as_of_date, value_score)), min(value_score) from published.customer_tier"
        )
        if not self.repeatable:
            count, distinct, _ = connection.execute(whole).fetchone()
            return (count, distinct) != (CUSTOMERS, 1)
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            tier = connection.execute(whole).fetchone()
            indicator = connection.execute(
                "select count(*), count(distinct (as_of_date, raw_value)), min(raw_value)"
                " from published.customer_indicator"
            ).fetchone()
            again = connection.execute(whole).fetchone()
        return tier[:2] != (CUSTOMERS, 1) or tier != again or tuple(map(float, tier)) != tuple(map(float, indicator))


def test_readers_see_whole_nights_only(warehouse):
    publish_one(warehouse.engine, FIRST, 0.0)
    stop = threading.Event()
    readers = [Reader(warehouse.url, repeatable, stop) for repeatable in (False, True, False, True)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 25):
            publish_one(warehouse.engine, FIRST + timedelta(days=number % 9), float(number))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert all(reader.reads > 20 for reader in readers), [reader.reads for reader in readers]
    assert sum(reader.torn for reader in readers) == 0
    assert [reader.errors for reader in readers] == [[], [], [], []]
