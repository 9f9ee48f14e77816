"""Extractions killed with -9 at each stage, and several at once: nothing of the dead is seen, all lands once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from pipelines.extract import extract_entity
from pipelines.settings import PROJECT
from tests.integration.extracting import desk_for

ROWS = 60_000
# Where the extraction dies: an attribute, and how many calls of it are still answered.
STAGES = {
    "before anything": ("pipelines.extract.landing:Landing.read", 0),
    "in the middle of COPY": ("pipelines.extract.transfer:_highest", 2),
    "after COPY": ("pipelines.extract.landing:Landing._set_aside", 0),
    "after the merge": ("pipelines.extract.landing:Landing._account", 0),
    "between reading and merging": ("pipelines.extract.landing:Landing.land", 0),
    "before the commit": ("pipelines.extract.landing:ExtractionResult", 0),
}
VICTIM = """
import importlib, os, signal, sys
from pipelines.extract import extract_entity
from pipelines.settings import get_settings
from pipelines.warehouse.connection import warehouse_engine

module, name = sys.argv[1].split(":")
owner = importlib.import_module(module)
*classes, name = name.split(".")
for part in classes:
    owner = getattr(owner, part)
original, left = getattr(owner, name), [int(sys.argv[2])]

def dying(*arguments, **named):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return original(*arguments, **named)

setattr(owner, name, dying)
settings = get_settings()
extract_entity(settings, warehouse_engine(settings), "canonical", "customer", "night")
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    found = desk_for(module_warehouse, tmp_path)
    found.source("canonical", str(tmp_path / "data"))
    found.start("night")
    return found


def deliver(tmp_path, name: str) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    rows = "".join(f"C{number},{name if number % 10 == 0 else 'N'}\n" for number in range(ROWS))
    (tmp_path / "data" / "customer.csv").write_text("customer_id,customer_name\n" + rows, "utf-8")


def die_at(desk, stage: str) -> None:
    """Run the extraction in a process of its own and kill it there."""
    target, calls = STAGES[stage]
    environment = os.environ | {
        "CVP_HOME": str(desk.settings.home),
        "CVP_WAREHOUSE_DATABASE": desk.settings.warehouse_database,
        "CVP_SOURCES__canonical": desk.settings.sources["canonical"],
        "PYTHONPATH": str(PROJECT),
    }
    done = subprocess.run([sys.executable, "-c", VICTIM, target, str(calls)], env=environment, cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL


def leftovers(desk) -> list[tuple]:
    """Sessions, locks and temporary tables of dead extractions, once the server has noticed."""
    found: list[tuple] = []
    for _ in range(50):
        found = desk.rows(
            "select 'table', relname from pg_class where relname ~ '^(pulled|rejected|delta|doubled)'"
            " union all select 'lock', locktype from pg_locks where locktype = 'advisory'"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        if not found:
            break
        time.sleep(0.1)
    return found


def lost_and_doubled(desk, superseded: int = 0) -> tuple[int, int]:
    """Keys of the source that are not there; rows beyond one a key, and versions that nothing superseded."""
    ((rows, keys),) = desk.rows("select count(*), count(distinct customer_id) from landing.customer")
    history = int(desk.scalar("select count(*) from landing.landing_history"))
    return ROWS - keys, rows - keys + history - superseded


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_first_pull_killed_anywhere_leaves_nothing_and_lands_once_afterwards(desk, tmp_path, stage, note_fault):
    deliver(tmp_path, "N")
    die_at(desk, stage)
    assert leftovers(desk) == []
    assert desk.rows("select count(*) from landing.customer") == [(0,)]
    assert desk.rows("select * from control.watermark") == []
    assert desk.rows("select * from control.extraction") == []
    assert desk.extract("canonical", "customer").rows_landed == ROWS
    note_fault("F02" if "commit" in stage else "F01", f"kill -9 of a first pull {stage}", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)
    assert desk.rows("select indexdef from pg_indexes where indexname = 'customer_pkey'")


@pytest.mark.parametrize("stage", ["in the middle of COPY", "after COPY", "after the merge"])
def test_a_later_pull_killed_anywhere_leaves_the_night_before_and_merges_once_afterwards(
    desk, tmp_path, stage, note_fault
):
    deliver(tmp_path, "N")
    desk.extract("canonical", "customer", "before")
    before = desk.rows("select * from control.watermark")
    deliver(tmp_path, "changed")
    die_at(desk, stage)
    assert leftovers(desk) == []
    assert desk.rows("select count(*) from landing.customer where customer_name = 'changed'") == [(0,)]
    assert desk.rows("select * from landing.landing_history") == []
    assert desk.rows("select * from control.watermark") == before
    result = desk.extract("canonical", "customer")
    assert (result.rows_landed, result.rows_unchanged) == (ROWS // 10, ROWS * 9 // 10)
    assert desk.rows("select count(*) from landing.landing_history") == [(ROWS // 10,)]
    note_fault("F01", f"kill -9 of a later pull {stage}", 1, 1, *lost_and_doubled(desk, superseded=ROWS // 10))


def test_two_extractions_of_one_entity_at_once_land_every_row_once(desk, tmp_path):
    deliver(tmp_path, "N")
    results = []

    def extract():
        results.append(extract_entity(desk.settings, desk.engine, "canonical", "customer", "night"))

    threads = [threading.Thread(target=extract) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.rows_landed for result in results) == [0, ROWS]
    assert desk.rows("select count(*) from landing.customer") == [(ROWS,)]


def test_two_sources_of_one_entity_at_once_land_every_row_of_both(desk, tmp_path):
    deliver(tmp_path, "N")
    mapping = """
        kind: files
        entities:
          customer:
            table: customer
            columns: {customer_id: customer_id, customer_name: customer_name}
    """
    names = ["canonical", "second", "third"]
    for name in names[1:]:
        desk.source(name, str(tmp_path / "data"), mapping)
    threads = [
        threading.Thread(target=extract_entity, args=(desk.settings, desk.engine, name, "customer", "night"))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.rows("select source_system, count(*) from landing.customer group by 1 order by 1") == [
        (name, ROWS) for name in names
    ]
    assert desk.rows("select indexdef from pg_indexes where indexname = 'customer_pkey'")
