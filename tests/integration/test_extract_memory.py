"""What an extraction holds in memory: little, however many rows come; what is said where single rows are too much."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pipelines.extract import ExtractionError
from pipelines.settings import PROJECT
from tests.integration.extracting import desk_for

PROMISED_MB = 400
CUSTOMERS = """
    kind: {kind}
    entities:
      customer:
        {origin}
        columns: {{customer_id: id, customer_name: name, credit_limit: amount}}
"""
# Rows as a source makes them, without a table that would have to be filled.
MANY = "query: select n as id, 'customer ' || n as name, (n / 100.0)::numeric(12, 2) as amount from {rows} as n"
WIDE = "query: select n as id, repeat(md5(n::text), {width}) as name, 1.5 as amount from {rows} as n"
EXTRACTION = """
from pipelines.extract import extract_entity
from pipelines.settings import get_settings
from pipelines.warehouse.connection import warehouse_engine
from tests.bench.one_pull import peak_mb

settings = get_settings()
result = extract_entity(settings, warehouse_engine(settings), "erp", "customer", "night")
print(result.rows_landed, round(peak_mb()))
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


def peak_mb(desk, rows: int) -> int:
    """The most that a process of its own held which landed so many rows."""
    desk.start("night")
    environment = os.environ | {
        "CVP_HOME": str(desk.settings.home),
        "CVP_WAREHOUSE_DATABASE": desk.settings.warehouse_database,
        "CVP_MAPPING_FOLDERS": str(desk.folder),
        "CVP_SOURCES__erp": desk.settings.sources["erp"],
        "PYTHONPATH": str(PROJECT),
    }
    # From a file: what has none is somebody at a prompt to the engine, who wants to see its progress.
    script = desk.folder / "extraction.py"
    script.write_text(EXTRACTION, "utf-8")
    done = subprocess.run(
        [sys.executable, script], env=environment, cwd=PROJECT, check=True, capture_output=True, text=True
    )
    landed, peak = map(int, done.stdout.split())
    assert landed == rows
    return peak


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param((1_000_000, MANY.format(rows="generate_series(1, 1000000)")), id="a million rows"),
        pytest.param((150_000, WIDE.format(rows="generate_series(1, 150000)", width=60)), id="rows of two kilobytes"),
    ],
)
def test_a_pull_from_a_database_holds_no_more_than_is_promised(desk, module_warehouse, origin):
    rows, query = origin
    desk.source("erp", module_warehouse.url, CUSTOMERS.format(kind="postgres", origin=query))
    assert peak_mb(desk, rows) <= PROMISED_MB


def test_a_pull_from_a_file_holds_no_more_than_is_promised(desk, tmp_path):
    folder = tmp_path / "erp"
    folder.mkdir()
    with (folder / "customer.csv").open("w", encoding="utf-8") as file:
        file.write("id,name,amount\n")
        file.writelines(f"{number},customer {number} of a file,{number}.25\n" for number in range(1_000_000))
    desk.source("erp", str(folder), CUSTOMERS.format(kind="files", origin="table: customer"))
    assert peak_mb(desk, 1_000_000) <= PROMISED_MB


def test_rows_too_wide_for_the_engine_are_named_with_the_setting_that_gives_it_more(desk, module_warehouse):
    query = WIDE.format(rows="generate_series(1, 2000)", width=10_000)
    desk.source("erp", module_warehouse.url, CUSTOMERS.format(kind="postgres", origin=query))
    desk.settings = desk.settings.model_copy(update={"extract_memory_mb": 64})
    with pytest.raises(ExtractionError, match=r"erp\.customer: .*rows are too wide.*raise extract_memory_mb") as error:
        desk.extract("erp", "customer")
    assert error.value.is_lasting
