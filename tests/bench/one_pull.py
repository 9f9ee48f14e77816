"""One extraction in a process of its own: says that it is ready, waits for a word, pulls, says what it took.

The answer is a line of JSON: `began` and `ended` on the machine's monotonic clock, `peak_mb` the most memory that the
process ever held (VmHWM), `start_mb` the same before anything was read: Python and what a night's task imports.

    one_pull.py open RUN AS_OF SOURCE...     opens a night
    one_pull.py pull RUN AS_OF SOURCE        the night's step `extract_source`
    one_pull.py pull RUN AS_OF SOURCE ENTITY one entity of the source alone
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

from pipelines import extract
from pipelines.night import steps
from pipelines.settings import get_settings
from pipelines.warehouse.connection import warehouse_engine


def peak_mb() -> float:
    """The most resident memory of this process so far, in MB of 10^6 bytes."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def _pull(run_id: str, as_of: date, source: str, entities: list[str]) -> None:
    if entities:
        settings = get_settings()
        extract.extract_source(settings, warehouse_engine(settings), source, run_id, entities)
    else:
        steps.extract_source(steps.Night(run_id, as_of, (source,)), source)


def main(verb: str, run_id: str, as_of: date, sources: list[str]) -> None:
    """Do it, when told to go on."""
    if verb == "open":
        steps.open_night(run_id, as_of, sources)
        return
    start_mb = peak_mb()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.monotonic()
    _pull(run_id, as_of, sources[0], sources[1:])
    ended = time.monotonic()
    sys.stdout.write(json.dumps({"began": began, "ended": ended, "start_mb": start_mb, "peak_mb": peak_mb()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3]), sys.argv[4:])
