"""SIGTERM and Ctrl-C in the middle of an extraction: nothing landed, no lock left, and the ledger says aborted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.settings import PROJECT
from tests.faults.conftest import ROWS
from tests.faults.proxy import Proxy
from tests.integration.extracting import desk_for

BYTES_A_SECOND = 400_000


@pytest.mark.parametrize(("kind", "told"), [("postgres", signal.SIGTERM), ("mysql", signal.SIGINT)])
def test_an_extraction_that_is_told_to_stop_stops_and_leaves_nothing(
    module_warehouse, tmp_path, request, note_fault, kind, told
):
    erp = request.getfixturevalue(f"{kind}_erp")
    desk = desk_for(module_warehouse, tmp_path)
    with Proxy(erp.url.port) as proxy:
        desk.source("erp", erp.location(proxy.port), erp.mapping)
        proxy.bytes_a_second = BYTES_A_SECOND
        environment = os.environ | {
            "CVP_HOME": str(desk.settings.home),
            "CVP_WAREHOUSE_DATABASE": desk.settings.warehouse_database,
            "CVP_SOURCES__erp": desk.settings.sources["erp"],
            "CVP_MAPPING_FOLDERS": str(tmp_path),
        }
        command = [sys.executable, "-m", "pipelines", "sources", "reload", "erp", "customer"]
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # as at a terminal: what a shell starts in the background inherits an ignored SIGINT
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while proxy.forwarded < 600_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()[0]
        process.send_signal(told)
        process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    assert desk.rows("select 1 from landing.customer union all select 1 from control.watermark") == []
    assert desk.rows("select status from control.run") == [("aborted",)]
    locks = "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database"
    for _ in range(50):
        if not (left := desk.rows(f"{locks} where datname = current_database())")):
            break
        time.sleep(0.1)
    assert left == []
    desk.source("erp", erp.location())
    assert desk.extract("erp", "customer").rows_landed == ROWS
    note_fault("F32", f"{told.name} while {kind} is read", 1, 1, 0, 0)
