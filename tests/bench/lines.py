"""The benchmark's order lines and deliveries: made in PostgreSQL by arithmetic, then written into every kind of source.

The same rows every time, without dice and without a clock; ids and amounts vary as they do in an ERP.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.extract.engine import load_extension, open_engine, quote_text
from pipelines.extract.mysql import connection_string
from pipelines.settings import Settings
from tests.bench.place import PSQL, SOURCE, Place
from tests.mariadb import INSTALLER, SERVER, running_mariadb

BLOCK_ROWS = 50_000
COLUMNS = {
    "order_id": "bigint",
    "line_number": "integer",
    "product_id": "varchar(20)",
    "quantity": "numeric(12, 3)",
    "unit_price": "numeric(12, 2)",
    "unit_cost": "numeric(12, 2)",
    "promised_on": "date",
    "is_cancelled": "boolean",
    "changed": "timestamp",
}
TABLE = f"({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}, primary key (order_id, line_number))"
LINE = """
    select
        1000000 + n / 4, 1 + n % 4, 'P-' || lpad((n * 7919 % 4001)::text, 6, '0'), (1 + n * 31 % 900000) / 1000.0,
        (100 + n * 17 % 500000) / 100.0, (80 + n * 13 % 400000) / 100.0,
        date '2020-01-01' + (n * 1800::bigint / {lines})::integer, n % 97 = 0,
        timestamp '2020-01-01' + n * (interval '1800 days' / {lines})
    from generate_series(0::bigint, {lines} - 1) as n
"""
DELIVERY = """
    select 'D' || n, 1000000 + n / 4, 1 + n % 4, date '2020-01-05' + (n * 1800::bigint / {lines})::integer,
        (1 + n * 31 % 900000) / 1000.0
    from generate_series(0::bigint, {lines} - 1) as n
"""
ENTITIES = """
  sales_order_line:
    table: line
    {marker}
    columns: {{{columns}}}
"""
MARKER = "change_marker: {column: changed, type: timestamp, overlap_minutes: 120}"
DELIVERIES = """
  delivery:
    table: delivery
    columns: {delivery_id: delivery_id, order_id: order_id, line_number: line_number, delivered_on: delivered_on,
              quantity: quantity}
"""
# what lands must be these, to the last digit
SUMS = "count(*), sum(quantity), sum(unit_price), sum(unit_cost), count(*) filter (where is_cancelled)"
# a night's changes: half of them the newest lines, half scattered over the years
CHOSEN = """
    {order_id} * 4 + line_number - 4000001 in (select {lines} - 1 - n from generate_series(0, {half} - 1) as n
        union all select n * {step} + {shift} from generate_series(0, {half} - 1) as n)
"""


def make_lines(place: Place, lines: int) -> None:
    """The PostgreSQL source: `line` with its key and an index on the change marker, and as many rows `delivery`."""
    place.run(
        SOURCE,
        f"create table line {TABLE}",
        f"insert into line {LINE.format(lines=lines)}",
        "create index on line (changed)",
        "create table delivery (delivery_id varchar(20) primary key, order_id bigint, line_number integer,"
        " delivered_on date, quantity numeric(12, 3))",
        f"insert into delivery {DELIVERY.format(lines=lines)}",
        "vacuum (freeze, analyze)",
    )


def change_lines(place: Place, lines: int, night: int) -> int:
    """Change 1 % of the lines, half of them recent, half scattered; how many."""
    changed = f"timestamp '2025-01-{2 * night:02d} 12:00:00'"
    place.run(
        SOURCE,
        f"update line set quantity = quantity + 1, changed = {changed} where {chosen(lines, night)}",
        "vacuum analyze line",
    )
    return lines // 200 * 2


def chosen(lines: int, night: int, order_id: str = "order_id") -> str:
    """Condition of a night's 1 %; the scattered ones lie before the recent ones, elsewhere every night."""
    half = lines // 200
    return CHOSEN.format(lines=lines, half=half, step=(lines - half) // half, shift=night, order_id=order_id)


def place_sources(place: Place, stack: ExitStack) -> list[str]:
    """Write the lines into every kind of source and its mapping; the names of those that there are."""
    place.sources["bench_postgres"] = place.url(SOURCE)
    place.sources["bench_both"] = place.url(SOURCE)
    csv = _write_csv(place)
    parquet = _write_parquet(place, csv)
    place.sources["bench_csv"], place.sources["bench_parquet"] = str(csv.parent), str(parquet.parent)
    place.sources["bench_sqlite"] = str(_write_sqlite(place, parquet))
    kinds = {"postgres": "postgres", "sqlite": "sqlite", "parquet": "files", "csv": "files"}
    if SERVER and INSTALLER:
        url = stack.enter_context(running_mariadb()).render_as_string(hide_password=False)
        _write_mariadb(place, csv, url)
        place.sources["bench_mariadb"] = url
        kinds["mariadb"] = "mysql"
    for name, kind in kinds.items():
        _write_mapping(place, f"bench_{name}", kind, _lines_entity(kind))
    _write_mapping(place, "bench_both", "postgres", _lines_entity("postgres") + DELIVERIES)
    return [f"bench_{name}" for name in kinds]


def _lines_entity(kind: str) -> str:
    """The lines' part of a mapping; files have no change marker, their stamp lands all the same."""
    columns = [f"{name}: {name}" for name in COLUMNS if name != "changed"]
    if kind == "files":
        columns.append("updated_at: changed")
    return ENTITIES.format(marker="" if kind == "files" else MARKER, columns=", ".join(columns))


def _write_mapping(place: Place, name: str, kind: str, entities: str) -> None:
    head = f"source_system: {name}\ndescription: of the benchmark\nkind: {kind}\ntime_zone: UTC\nentities:"
    (place.mappings / f"{name}.yml").write_text(head + entities, "utf-8")


def _write_csv(place: Place) -> Path:
    file = place.home / "csv" / "line.csv"
    file.parent.mkdir()
    with file.open("wb") as written:
        copy = "copy line to stdout (format csv, header)"
        subprocess.run([PSQL, place.url(SOURCE), "-XAtc", copy], stdout=written, check=True)
    return file


def _typed(csv: Path) -> str:
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    return f"read_csv({quote_text(str(csv))}, header = true, columns = {{{kinds}}})"


def _write_parquet(place: Place, csv: Path) -> Path:
    file = place.home / "parquet" / "line.parquet"
    file.parent.mkdir()
    with duckdb.connect() as engine:
        engine.execute(f"copy (select * from {_typed(csv)}) to {quote_text(str(file))} (format parquet)")
    return file


def _sqlite_value(name: str) -> str:
    """As SQLite keeps it: amounts as REAL, dates as text."""
    kind = COLUMNS[name]
    if kind.startswith("numeric"):
        return f"{name}::double"
    return f"{name}::varchar" if kind in ("date", "timestamp") else name


def _rows(parquet: Path) -> Iterator[list[tuple]]:
    with duckdb.connect() as engine:
        fields = ", ".join(map(_sqlite_value, COLUMNS))
        found = engine.execute(f"select {fields} from read_parquet({quote_text(str(parquet))})")
        while block := found.fetchmany(BLOCK_ROWS):
            yield block


def _write_sqlite(place: Place, parquet: Path) -> Path:
    file = place.home / "lines.sqlite"
    connection = sqlite3.connect(file)
    connection.execute(f"create table line {TABLE}")
    marks = ", ".join("?" * len(COLUMNS))
    for block in _rows(parquet):
        connection.executemany(f"insert into line values ({marks})", block)
    connection.commit()
    connection.close()
    return file


def _write_mariadb(place: Place, csv: Path, url: str) -> None:
    table = TABLE.replace("numeric", "decimal").replace("timestamp", "datetime(6)")
    with open_engine(Settings(home=place.home)) as engine:
        load_extension(engine, "mysql_scanner")
        engine.execute(f"attach {quote_text(connection_string(url))} as erp (type mysql)")
        engine.execute(f"call mysql_execute('erp', {quote_text(f'create table line {table}')})")
        engine.execute(f"insert into erp.line select * from {_typed(csv)}")
