"""What was pulled, held against what landed before: `delta`, a row per key that is new, changed or gone.

A small pull looks its keys up one by one where that is sooner done than a scan of the table, several processes side
by side: each waits for pages of its own. That is where a later night's time goes, after a restart nearly all of it.
"""

from __future__ import annotations

import time

from pipelines.extract.landing_sql import CORRELATION, LandingSql
from pipelines.extract.transaction import Transaction

# A row scanned takes half a microsecond; a key of a sample, which shares its pages with none and has one process, as
# long as ten to twenty of all of them.
LARGEST_SHARE_LOOKED_UP, KEYS_PROBED, PROBED_SECONDS_A_ROW = 0.05, 200, 1e-5
# No planner knows what is in memory: it takes each key for a read from disk, and scans the table.
ONE_BY_ONE = {"enable_hashjoin": "off", "enable_mergejoin": "off"}
# Where a key of the sample takes longer, it was read from the disk: most processes then wait, so there may be more of
# them than processors. Else each costs its beginning.
SECONDS_IN_MEMORY, PROCESSES_IN_MEMORY, PROCESSES_WAITING = 1e-4, 4, 12
SIDE_BY_SIDE = {"min_parallel_table_scan_size": "0", "parallel_setup_cost": "0", "parallel_tuple_cost": "0"}
# What comes nearly in the order of its key, as from most sources, need not be sorted for neighbours to share pages.
IN_ORDER = 0.95


def compare(warehouse: Transaction, sql: LandingSql, admitted: int, whole: bool) -> None:
    """Make `delta` of `pulled`, of so many rows; `whole`: what did not come is gone."""
    processes = None if whole else _processes(warehouse, sql, admitted)
    if processes is None:
        warehouse.run(sql.compare(whole=whole))
        return
    # No temporary table: other processes could not read it. One that the server dies on leaves a small file behind.
    ordered = f"landing.pulled_{warehouse.scalar('select pg_backend_pid()')}"
    correlation = warehouse.scalar(CORRELATION, {"column": sql.contract.key[0]}) or 0
    warehouse.run(sql.order_pulled(ordered, processes, is_in_order=abs(correlation) > IN_ORDER))
    with warehouse.planned(ONE_BY_ONE | SIDE_BY_SIDE | {"max_parallel_workers_per_gather": str(processes)}):
        warehouse.run(sql.compare(whole=False, pulled=ordered))
    warehouse.run(f"drop table {ordered}")


def _processes(warehouse: Transaction, sql: LandingSql, admitted: int) -> int | None:
    """How many shall look the keys up one by one; None: a scan of the table is sooner done."""
    held = int(warehouse.scalar(f"select reltuples from pg_class where oid = '{sql.table}'::regclass"))
    if admitted >= LARGEST_SHARE_LOOKED_UP * held:
        return None
    percent = min(100.0, 100.0 * KEYS_PROBED / max(admitted, 1))
    with warehouse.planned(ONE_BY_ONE):
        for seed in (0, 1):  # the first find nothing ready
            started = time.monotonic()
            warehouse.scalar(sql.probe(), {"percent": percent, "seed": seed})
        seconds = (time.monotonic() - started) / KEYS_PROBED
    if seconds * admitted >= PROBED_SECONDS_A_ROW * held:
        return None
    return PROCESSES_IN_MEMORY if seconds < SECONDS_IN_MEMORY else PROCESSES_WAITING
