"""The extraction benchmark, `make bench-extract`: ratios within one run, beside the targets, on whatever machine.

Everything happens in throw-away servers under the instance folder's `bench`, which are gone afterwards, whatever
happens. Exit code 1 where what landed is not what a source holds; a missed target is printed and is no failure.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from contextlib import ExitStack
from statistics import median

from pipelines.cli.render import make_console
from tests.bench import table
from tests.bench.lines import change_lines, make_lines, place_sources
from tests.bench.place import EMPTY, SOURCE, Place, own_place
from tests.bench.pulls import FIRST, Pull, WrongRows, first_pull, later_pull, open_night, restart
from tests.bench.rivals import copy_by_psql, make_baseline, measure_dlt, measure_pandas, upsert

LINES, QUICK_LINES, FEWEST_LINES = 2_000_000, 200_000, 10_000
COPIED = {"psql | psql, COPY (binary)": True, "the same, no WAL": False}
POSTGRES, BOTH, KEPT = "bench_postgres", "bench_both", "warehouse_kept"


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench-extract BENCH_OPTIONS=...", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help=f"order lines (default {LINES})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LINES} lines: does it run, not how fast")
    parser.add_argument("-k", "--runs", type=int, help="alternated runs of each (default 3; 1 with --quick)")
    given = parser.parse_args()
    given.runs = (1 if given.quick else 3) if given.runs is None else given.runs
    given.lines = QUICK_LINES if given.quick else given.lines
    if given.lines < FEWEST_LINES or given.runs < 1:
        parser.error(f"at least {FEWEST_LINES} lines and one run")
    return given


def first_pulls(place: Place, lines: int, runs: int, names: list[str]) -> list[Pull]:
    """Every source's first pull between the same copies by psql, in turns, then the rivals; PostgreSQL's pulls."""
    make_baseline(place)
    copied: dict[str, list[float]] = {name: [] for name in COPIED}
    ours: dict[str, list[Pull]] = {name: [] for name in names}
    for run in range(runs):
        for name, is_logged in COPIED.items():
            copied[name].append(copy_by_psql(place, is_logged=is_logged))
        for name in names:
            with place.console.status(f"run {run + 1} of {runs}: {name}"):
                ours[name].append(first_pull(place, name))
    with place.console.status("pandas and dlt"):
        rivals = [*measure_dlt(place), measure_pandas(place)]
    shown = {name.removeprefix("bench_"): pulls for name, pulls in ours.items()}
    table.first_pulls(place.console, lines, copied, shown, rivals)
    if "bench_mariadb" not in names:
        place.console.print("[yellow]MariaDB is left out: mariadb-server is not installed[/yellow]")
    return ours[POSTGRES]


def middle(pulls: list[Pull]) -> Pull:
    """The median of the seconds, the greatest memory."""
    return Pull(
        median(one.seconds for one in pulls), max(one.peak_mb for one in pulls), max(one.start_mb for one in pulls)
    )


def later_nights(place: Place, lines: int, runs: int, firsts: list[Pull]) -> None:
    """After a first pull: a night without a change, `runs` nights of 1 %, the first after a restart, a bare upsert."""
    first = middle([*firsts, first_pull(place, POSTGRES, KEPT)])
    open_night(place, KEPT, "quiet night", [POSTGRES])
    quiet = later_pull(place, KEPT, "quiet night", POSTGRES, 0)
    warm = []
    for night in range(1, runs + 1):
        changed = _open_changed(place, lines, night)
        warm.append(later_pull(place, KEPT, f"night {night}", POSTGRES, changed))
    changed = _open_changed(place, lines, runs + 1)
    seconds, dropped = restart(place)
    place.sources[POSTGRES] = place.url(SOURCE)
    cold = later_pull(place, KEPT, f"night {runs + 1}", POSTGRES, changed)
    bare = upsert(place, KEPT, lines, runs + 2)
    nights = [
        ("a night that changes nothing", None, quiet),
        (f"a night of 1 %, warm (median of {runs})", table.WARM_SHARE, middle(warm)),
        ("the first one after a restart", table.COLD_SHARE, cold),
    ]
    notes = [
        "The targets are set for 10,000,000 lines. A night that changes nothing shows what does not depend on them.",
        f"The restart itself took {seconds:.1f} s; {dropped}. Source and warehouse are databases of the same server.",
        "PostgreSQL's own `INSERT ... ON CONFLICT` of such rows from a table beside, nothing read from a source,"
        f" nothing compared, no history: {bare:.2f} s, {bare / first.seconds:.1%} of the first pull.",
        "Between the nights the tables were vacuumed, the source's and landing's, as autovacuum does by day.",
        f"Warm nights in order: {', '.join(f'{one.seconds:.2f}' for one in warm)} s.",
    ]
    table.later_nights(place.console, changed, first, nights, notes)
    place.server.drop_database(KEPT)


def _open_changed(place: Place, lines: int, night: int) -> int:
    with place.console.status(f"night {night}"):
        changed = change_lines(place, lines, night)
        # what autovacuum does by day
        place.run(KEPT, "vacuum landing.sales_order_line")
        open_night(place, KEPT, f"night {night}", [POSTGRES])
    return changed


def entities(place: Place, lines: int, runs: int) -> None:
    """Two entities of one source: by one extraction, and by two at once."""
    after, beside = [], []
    for run in range(runs):
        with place.console.status(f"entities, run {run + 1} of {runs}"):
            after.append(first_pull(place, BOTH))
            beside.append(first_pull(place, BOTH, "warehouse", "sales_order_line", "delivery"))
    table.entities(place.console, lines, after, beside)


def measure(place: Place, lines: int, runs: int) -> None:
    """Make the sources, then the three parts."""
    began = time.monotonic()
    with ExitStack() as stack:
        with place.console.status(f"making {lines:,} lines in every kind of source"):
            make_lines(place, lines)
            names = place_sources(place, stack)
            open_night(place, EMPTY, FIRST, names)
            place.fills_memory = lines >= LINES
        place.console.print(f"sources made in {time.monotonic() - began:.0f} s", highlight=False)
        firsts = first_pulls(place, lines, runs, names)
        later_nights(place, lines, runs, firsts)
        entities(place, lines, runs)
    place.console.print(f"the whole benchmark took {(time.monotonic() - began) / 60:.1f} min", highlight=False)


def main() -> int:
    """Run it; the exit code."""
    given = arguments()
    console = make_console()
    # told to stop, the servers must go as well
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start", highlight=False
    )
    if given.lines < LINES:
        console.print(f"[yellow]the targets are set for {LINES:,} lines: fixed costs weigh more with fewer[/yellow]")
    try:
        with own_place(console) as place:
            measure(place, given.lines, given.runs)
    except WrongRows as error:
        console.print(f"[red]wrong rows:[/red] {error}", markup=True, highlight=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
