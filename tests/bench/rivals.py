"""What ours is held against: psql to psql, which is the limit, pandas and dlt."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract import entity as contract_of
from pipelines.settings import PROJECT, home_folder
from tests.bench.lines import TABLE, chosen
from tests.bench.place import PSQL, RIVALS, SOURCE, Place
from tests.bench.pulls import WrongRows

REQUIREMENTS = Path(__file__).parent / "requirements.in"
# These take minutes for what takes ours seconds: they get so many rows, and the table says that it was extrapolated.
PANDAS_ROWS, DLT_ROWS, DLT_FAST_ROWS = 50_000, 100_000, 500_000


@dataclass(frozen=True)
class Rival:
    """One tool's seconds for so many rows; `left_out` is the reason where it was not measured."""

    name: str
    rows: int = 0
    seconds: float = 0.0
    left_out: str | None = None


def make_baseline(place: Place) -> None:
    """An empty table of the lines' shape, without keys."""
    place.run(RIVALS, f"create table line {TABLE.partition(', primary key')[0]})")


def copy_by_psql(place: Place, *, is_logged: bool) -> float:
    """Seconds of `psql COPY (binary) | psql COPY` into an empty table, with the write-ahead log or without."""
    place.run(RIVALS, "truncate line")
    place.settle()
    # a table that the same transaction has emptied needs no log
    freshly = [] if is_logged else ["--single-transaction", "-c", "truncate line"]
    began = time.monotonic()
    with subprocess.Popen(
        [PSQL, place.url(SOURCE), "-Xqc", "copy line to stdout (format binary)"], stdout=subprocess.PIPE
    ) as reader:
        into = [PSQL, place.url(RIVALS), "-Xq", *freshly, "-c", "copy line from stdin (format binary)"]
        subprocess.run(into, stdin=reader.stdout, check=True)
    seconds = time.monotonic() - began
    if reader.returncode or place.row(RIVALS, "select count(*) from line") != place.row(
        SOURCE, "select count(*) from line"
    ):
        raise WrongRows("psql did not copy every line")
    return seconds


def upsert(place: Place, database: str, lines: int, night: int) -> float:
    """Seconds of one `INSERT ... ON CONFLICT DO UPDATE` of a night's rows that the warehouse holds already.

    Nothing is read from a source, nothing compared, no former version kept. It changes what has landed.
    """
    contract = contract_of("sales_order_line")
    key = ["source_system", *contract.key]
    rest = [name for name in (*contract.column_names, "updated_at", "extracted_at") if name not in key]
    condition = chosen(lines, night, "order_id::bigint")
    place.run(
        database,
        f"create table upserted as select * from landing.sales_order_line where {condition}",
        "update upserted set quantity = quantity + 1",
        "vacuum analyze upserted",
        "vacuum landing.sales_order_line",
    )
    place.settle()
    began = time.monotonic()
    place.run(
        database,
        f"insert into landing.sales_order_line as l ({', '.join(key + rest)})"
        f" select {', '.join(key + rest)} from upserted order by {', '.join(key)}"
        f" on conflict ({', '.join(key)}) do update set {', '.join(f'{name} = excluded.{name}' for name in rest)}",
    )
    seconds = time.monotonic() - began
    place.run(database, "drop table upserted")
    return seconds


def measure_pandas(place: Place) -> Rival:
    """pandas, with the project's own Python."""
    rows = _sample(place, PANDAS_ROWS)
    arguments = [place.url(SOURCE), place.url(RIVALS), "sample"]
    return _measured(place, "pandas to_sql", rows, "tests.bench.with_pandas", arguments, None, "by_pandas")


def measure_dlt(place: Place) -> list[Rival]:
    """dlt as it comes, and by its fastest way that was found; left out where it cannot be installed."""
    variants = [("sqlalchemy", "insert_values", DLT_ROWS), ("pyarrow", "csv", DLT_FAST_ROWS)]
    python = home_folder() / "bench-venv" / "bin" / "python"
    fault = _install(python)
    found = []
    for backend, file_format, wanted in variants:
        name = f"dlt ({backend}, {file_format})"
        if fault:
            found.append(Rival(name, left_out=fault))
            continue
        rows = _sample(place, wanted)
        folder = str(place.home / "dlt" / backend)
        arguments = [place.url(SOURCE), place.url(RIVALS), "sample", backend, file_format, folder]
        table = f"by_dlt_{backend}.line"
        found.append(_measured(place, name, rows, "tests.bench.with_dlt", arguments, python, table))
    return found


def _install(python: Path) -> str | None:
    """dlt in its own virtual environment; the reason where that fails."""
    environment = str(python.parent.parent)
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "-q", "--allow-existing", "--python", sys.executable, environment],
        [*uv, "pip", "install", "-q", "--python", str(python), "-r", str(REQUIREMENTS)],
    ):
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if done.returncode:
            return "dlt cannot be installed: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return None


def _sample(place: Place, rows: int) -> int:
    """The table `sample` of the source: so many lines, or all; how many."""
    place.run(SOURCE, "drop table if exists sample", f"create table sample as select * from line limit {rows}")
    place.settle()
    return place.row(SOURCE, "select count(*) from sample")[0]


def _measured(
    place: Place, name: str, rows: int, module: str, arguments: list[str], python: Path | None, table: str
) -> Rival:
    environment = place.environment(RIVALS) | {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DLT_DATA_DIR": str(place.home / "dlt"),
    }
    process = place.start(module, *arguments, python=python, **environment)
    output, errors = process.communicate()
    if process.returncode:
        return Rival(name, left_out=(errors.strip().splitlines() or ["it failed without a word"])[-1][:200])
    if place.row(RIVALS, f"select count(*) from {table}") != (rows,):
        raise WrongRows(f"{name} did not copy every line")
    return Rival(name, rows, json.loads(output.strip().splitlines()[-1])["seconds"])
