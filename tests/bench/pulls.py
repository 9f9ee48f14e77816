"""What the benchmark measures of ours: first full pulls, later nights, entities side by side. What lands is checked."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.lines import SUMS
from tests.bench.place import EMPTY, SOURCE, Place

FIRST, AS_OF = "first", "2024-12-31"


class WrongRows(Exception):
    """What landed is not what the source holds: whatever time it took means nothing."""


@dataclass(frozen=True)
class Pull:
    """Seconds from the first process's beginning to the last one's end, and the memory of the greatest."""

    seconds: float
    peak_mb: float
    start_mb: float


def open_night(place: Place, database: str, run_id: str, sources: Sequence[str]) -> None:
    """Open a night in a warehouse database (which it migrates), untimed."""
    process = place.start("tests.bench.one_pull", "open", run_id, AS_OF, *sources, **place.environment(database))
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the night could not be opened: {errors[-2000:]}")


def pull(place: Place, database: str, run_id: str, source: str, *side_by_side: str) -> Pull:
    """Extract a source; with entities named, each in a process of its own, all at once."""
    environment = place.environment(database)
    processes = [
        place.start("tests.bench.one_pull", "pull", run_id, AS_OF, source, *entity, **environment)
        for entity in ([(name,) for name in side_by_side] or [()])
    ]
    for process in processes:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"an extraction did not start: {process.communicate()[1][-2000:]}")
    place.settle()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        output, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"the extraction of {source} failed: {errors[-2000:]}")
        answers.append(json.loads(output))
    return Pull(
        max(answer["ended"] for answer in answers) - min(answer["began"] for answer in answers),
        max(answer["peak_mb"] for answer in answers),
        max(answer["start_mb"] for answer in answers),
    )


def first_pull(place: Place, source: str, database: str = "warehouse", *side_by_side: str) -> Pull:
    """A first full pull into an empty warehouse, which is left for the reader; every line must have landed, exact."""
    place.copy_database(EMPTY, database)
    done = pull(place, database, FIRST, source, *side_by_side)
    require_same_lines(place, database)
    return done


def later_pull(place: Place, database: str, run_id: str, source: str, changed: int) -> Pull:
    """A night's pull by the change marker: those rows and no others land, and their former versions are kept."""
    done = pull(place, database, run_id, source)
    require_same_lines(place, database)
    account = f"select rows_landed, is_full_pull from control.extraction where run_id = '{run_id}'"
    history = f"select count(*) from landing.landing_history where run_id = '{run_id}'"
    found = (*place.row(database, account), *place.row(database, history))
    if found != (changed, False, changed):
        raise WrongRows(f"night {run_id}: {changed} lines changed; landed, whole pull, history: {found}")
    return done


def require_same_lines(place: Place, database: str) -> None:
    """The landed lines are the source's, by number and by sum of every amount; the account says so too."""
    expected = place.row(SOURCE, f"select {SUMS} from line")
    landed = place.row(database, f"select {SUMS} from landing.sales_order_line")
    accounted = place.row(
        database,
        "select rows_held, rows_rejected from control.extraction where entity = 'sales_order_line'"
        " order by (select started_at from control.run where run_id = extraction.run_id) desc limit 1",
    )
    if landed != expected or accounted != (expected[0], 0):
        raise WrongRows(f"{database}: landed {landed} of {expected}, account (held, set aside) {accounted}")


def restart(place: Place) -> tuple[float, str]:
    """Stop the server and start it again, with its files out of the cache: seconds of the start, what was dropped."""
    dropped = place.forget_files()
    began = time.monotonic()
    place.server.start()
    return time.monotonic() - began, dropped
