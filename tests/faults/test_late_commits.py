"""Rows committed late under an earlier change marker: six writers, transactions of three seconds, clocks of one.

The same table is followed by pulls that are commonly written by hand, so that the figures have a measure.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from pipelines.extract import watermark
from tests.integration.extracting import desk_for

WRITERS = 6
SECONDS = 9
LONGEST_TRANSACTION = 3
PAUSE = 0.5
MAPPING = """
    kind: postgres
    time_zone: Asia/Shanghai
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 0}
        columns: {customer_id: id, customer_name: name}
"""


@dataclass
class Baseline:
    """A pull by hand: a condition with the last mark, and what the next one is."""

    condition: str
    first: object
    mark: str
    seen: set[int] = field(default_factory=set)
    reached: object = None

    def pull(self, connection: psycopg.Connection) -> None:
        query = f"select id, {self.mark} from customers where {self.condition}"
        for number, mark in connection.execute(query, [self.reached or self.first]).fetchall():
            self.seen.add(number)
            self.reached = mark if self.reached is None else max(self.reached, mark)


def baselines() -> dict[str, Baseline]:
    return {
        "baseline: updated_at > the last one": Baseline("changed > %s", "2000-01-01", "changed"),
        "baseline: updated_at >= the last one": Baseline("changed >= %s", "2000-01-01", "changed"),
        "baseline: >= the last one less a second": Baseline(
            "changed >= %s::timestamptz - interval '1 s'", "2000-01-01", "changed"
        ),
        "baseline: serial id > the last one": Baseline("id > %s", 0, "id"),
    }


@pytest.fixture
def erp(server):
    server.drop_database("late_erp")
    server.ensure_database("late_erp", "erp_owner")
    yield server.url("erp_owner", "late_erp")
    server.drop_database("late_erp")


def write(url: str, until: float, seed: int, failures: list[BaseException]) -> None:
    """Transactions of up to three seconds; rows carry the whole second at which they were written, not committed."""
    dice = random.Random(seed)
    try:
        with psycopg.connect(url) as connection:
            while time.monotonic() < until:
                end = time.monotonic() + dice.uniform(0.1, LONGEST_TRANSACTION)
                while time.monotonic() < end:
                    connection.execute(
                        "insert into customers (name, changed) values ('N', date_trunc('second', clock_timestamp()))"
                    )
                    time.sleep(dice.uniform(0.02, 0.08))
                connection.commit()
    except BaseException as error:  # shown by the assertion
        failures.append(error)


def test_no_row_that_is_committed_late_is_lost_where_pulls_by_hand_lose_many(
    module_warehouse, tmp_path, erp, monkeypatch, note_fault
):
    desk = desk_for(module_warehouse, tmp_path)
    desk.source("erp", erp, MAPPING)
    # The product looks back an hour more than asked, for clocks without zone: here the overlap alone has to do it.
    monkeypatch.setattr(watermark, "NAIVE_HOUR", timedelta(seconds=LONGEST_TRANSACTION + 2))
    followed = baselines()
    failures: list[BaseException] = []
    pulls = 0
    with psycopg.connect(erp, autocommit=True) as connection:
        connection.execute("create table customers (id serial primary key, name text, changed timestamptz)")
        until = time.monotonic() + SECONDS
        writers = [threading.Thread(target=write, args=(erp, until, seed, failures)) for seed in range(WRITERS)]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            pulls += 1
            _pull_all(connection, followed, lambda: desk.extract("erp", "customer", f"n{pulls}"))  # noqa: B023 - at once
            time.sleep(PAUSE)
        # what was committed last is within everybody's reach
        _pull_all(connection, followed, lambda: desk.extract("erp", "customer", "last"))
        written = {row[0] for row in connection.execute("select id from customers").fetchall()}
    assert failures == []
    landed = [int(row[0]) for row in desk.rows("select customer_id from landing.customer")]
    history = int(desk.scalar("select count(*) from landing.landing_history"))
    assert pulls >= 5
    for name, baseline in followed.items():
        note_fault(
            "B01", f"{name} ({len(written)} rows)", 1, int(baseline.seen == written), len(written - baseline.seen)
        )
    lost, doubled = len(written - set(landed)), len(landed) - len(set(landed)) + history
    note_fault(
        "B01", f"rows committed late, overlap above the longest transaction ({len(written)} rows)", 1, 1, lost, doubled
    )
    assert (lost, doubled) == (0, 0)
    assert len(written - followed["baseline: updated_at > the last one"].seen) > 0, "the fault did strike"


def _pull_all(connection: psycopg.Connection, followed: dict[str, Baseline], extract: Callable[[], object]) -> None:
    for baseline in followed.values():
        baseline.pull(connection)
    extract()


def test_twenty_thousand_rows_of_one_instant_across_a_blocks_border_are_all_landed(
    module_warehouse, tmp_path, erp, note_fault
):
    desk = desk_for(module_warehouse, tmp_path)
    desk.source("erp", erp, MAPPING)
    with psycopg.connect(erp, autocommit=True) as connection:
        connection.execute("create table customers (id int primary key, name text, changed timestamptz)")
        for first, last in ((1, 20_001), (20_002, 21_001), (21_002, 21_002)):
            connection.execute(
                "insert into customers select n, 'N', '2024-01-31 12:00' from generate_series(%s::int, %s::int) as n",
                [first, last],
            )
            result = desk.extract("erp", "customer", f"to {last}")
            assert (result.rows_read, result.rows_landed) == (last, last - first + 1)
    rows = int(desk.scalar("select count(*) from landing.customer"))
    note_fault("B02", "rows that share one change marker", 3, 3, 21_002 - rows, 0)
    assert rows == 21_002


def test_clocks_that_disagree_lose_no_row_within_the_overlap(module_warehouse, tmp_path, erp, note_fault):
    """Application servers stamp rows by their own clocks, an hour behind and ten minutes ahead of the database's."""
    desk = desk_for(module_warehouse, tmp_path)
    desk.source("erp", erp, MAPPING.replace("overlap_minutes: 0", "overlap_minutes: 120"))
    with psycopg.connect(erp, autocommit=True) as connection:
        connection.execute("create table customers (id serial primary key, name text, changed timestamptz)")
        for number in range(4):
            for skew in ("0", "-60 minutes", "10 minutes"):
                connection.execute(
                    "insert into customers (name, changed) values (%s, now() + %s::interval)", [skew, skew]
                )
            assert desk.extract("erp", "customer", f"n{number}").rows_landed == 3
            now = connection.execute("select now()").fetchone()[0]
            assert desk.watermark("erp", "customer") <= now.isoformat(), "a clock ahead does not move the watermark"
    note_fault("clock skew", "servers an hour behind and ten minutes ahead", 4, 4, 12 - desk.scalar(
        "select count(*) from landing.customer"), 0)  # fmt: skip
