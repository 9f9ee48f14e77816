"""What was pulled, held against what landed before: `delta`, a row per key that is new, changed or gone.

A small pull looks its keys up one by one where that is sooner done than a scan of the table, several processes side
by side: each waits for pages of its own. That is where a later night's time goes, after a restart nearly all of it.
"""

from __future__ import annotations

import time

from pipelines.extract.landing_sql import LandingSql
from pipelines.extract.transaction import Transaction

# A row scanned takes half a microsecond; a key of a sample, which shares its pages with none and has one process, as
# long as ten to twenty of all of them.
LARGEST_SHARE_LOOKED_UP, KEYS_PROBED, PROBED_SECONDS_A_ROW = 0.05, 200, 1e-5
# No planner knows what is in memory: it takes each key for a read from disk, and scans the table.
ONE_BY_ONE = {"enable_hashjoin": "off", "enable_mergejoin": "off"}
# More processes than processors: most of them wait for the disk.
PROCESSES = 12
SIDE_BY_SIDE = {
    "max_parallel_workers_per_gather": str(PROCESSES),
    "min_parallel_table_scan_size": "0",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}


def compare(warehouse: Transaction, sql: LandingSql, admitted: int, whole: bool) -> None:
    """Make `delta` of `pulled`, of so many rows; `whole`: what did not come is gone."""
    if whole or not _is_sooner_looked_up(warehouse, sql, admitted):
        warehouse.run(sql.compare(whole=whole))
        return
    # No temporary table: other processes could not read it. One that the server dies on leaves a small file behind.
    ordered = f"landing.pulled_{warehouse.scalar('select pg_backend_pid()')}"
    warehouse.run(sql.order_pulled(ordered, PROCESSES))
    with warehouse.planned(ONE_BY_ONE | SIDE_BY_SIDE):
        warehouse.run(sql.compare(whole=False, pulled=ordered))
    warehouse.run(f"drop table {ordered}")


def _is_sooner_looked_up(warehouse: Transaction, sql: LandingSql, admitted: int) -> bool:
    held = int(warehouse.scalar(f"select reltuples from pg_class where oid = '{sql.table}'::regclass"))
    if admitted >= LARGEST_SHARE_LOOKED_UP * held:
        return False
    percent = min(100.0, 100.0 * KEYS_PROBED / max(admitted, 1))
    with warehouse.planned(ONE_BY_ONE):
        for seed in (0, 1):  # the first find nothing ready
            started = time.monotonic()
            warehouse.scalar(sql.probe(), {"percent": percent, "seed": seed})
        took = time.monotonic() - started
    return took / KEYS_PROBED * admitted < PROBED_SECONDS_A_ROW * held
