"""Landing by hand, outside a night: an entity again from the beginning, or a source's older history.

What is published stays as it is; the next night, or a replay, reads what was landed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Literal

import sqlalchemy as sa

from pipelines import extract
from pipelines.extract import ExtractionResult, Reach
from pipelines.night import ledger
from pipelines.night.steps import business_date_before
from pipelines.settings import Settings
from pipelines.warehouse import migrations
from pipelines.warehouse.schema import NIGHT, RUN, RUN_STEP

Kind = Literal["reload", "backfill"]
# Between these two steps a night reads the landing tables one after the other and must find one state.
FIRST_READING, LAST_READING = "extract_source", "build_staging"


def reload_entity(settings: Settings, engine: sa.Engine, source: str, entity: str) -> ExtractionResult:
    """Read an entity whole and merge it by key: rows that the source no longer has leave landing for its history.

    Readers see the rows of before until all new ones are there; the watermark never goes back.

    Raises:
        RunRefused: a night is at work.
        ExtractionError, MappingError: as `extract_source`.
    """
    return _land(settings, engine, "reload", source, [entity], Reach(is_whole=True))[0]


def backfill_source(
    settings: Settings, engine: sa.Engine, source: str, entities: Sequence[str] | None, first: date
) -> list[ExtractionResult]:
    """Read what changed at a source since `first`, which may lie long before the watermark.

    Of an entity with a change marker only rows that the source marks as deleted are removed. One without is read whole,
    as every night, and what is no longer delivered leaves landing. Raises as `reload_entity` does.
    """
    reach = Reach(back_to=datetime.combine(first, time(), settings.zone))
    return _land(settings, engine, "backfill", source, entities, reach)


def _land(
    settings: Settings, engine: sa.Engine, kind: Kind, source: str, entities: Sequence[str] | None, reach: Reach
) -> list[ExtractionResult]:
    migrations.upgrade(engine)
    now = datetime.now(UTC)
    run_id = f"{kind}__{now.isoformat()}"
    with ledger.exclusive(engine) as connection:
        _require_no_night_half_read(connection)
        with _entered(engine, run_id, kind, source, business_date_before(now, settings)):
            return extract.extract_source(settings, engine, source, run_id, entities, reach)


def _require_no_night_half_read(connection: sa.Connection) -> None:
    """No step is at work just now; but a night between two steps may be about to read what goes with what it read."""
    steps = sa.select(RUN_STEP.c.step, RUN_STEP.c.status).select_from(NIGHT)
    steps = steps.join(RUN, sa.and_(RUN.c.run_id == NIGHT.c.run_id, RUN.c.status == "running"))
    steps = steps.join(RUN_STEP, RUN_STEP.c.run_id == RUN.c.run_id)
    taken = {row.step.partition("[")[0]: row.status for row in connection.execute(steps)}
    if FIRST_READING in taken and taken.get(LAST_READING) != "done":
        raise ledger.RunRefused(
            "a night is between its extraction and its staging and must find one state of what is landed: wait until it"
            " has ended (`cvp status`); where it was killed, run the night again first"
        )


@contextmanager
def _entered(engine: sa.Engine, run_id: str, kind: Kind, source: str, as_of: date) -> Iterator[None]:
    """The run's entry in the ledger, closed as landed or failed."""
    clock = sa.func.clock_timestamp()
    values = {"run_id": run_id, "as_of_date": as_of, "source_systems": [source], "kind": kind, "status": "running"}
    with engine.begin() as connection:
        connection.execute(sa.insert(RUN).values(started_at=clock, **values))

    def close(status: str, message: str | None = None) -> None:
        entry = sa.update(RUN).where(RUN.c.run_id == run_id)
        with engine.begin() as connection:
            connection.execute(entry.values(status=status, message=message, finished_at=clock))

    try:
        yield
    except BaseException as error:
        close("failed" if isinstance(error, Exception) else "aborted", f"{type(error).__name__}: {error}")
        raise
    close("landed")
