"""The ledger of runs and their steps (`control.run`, `control.run_step`): what `published.run` shows.

One run at a time holds the warehouse. `control.night.run_id` is the fencing token: every step holds a shared advisory
lock while it works and refuses to work for a run that is no longer the current one, and a new run takes over only when
no step of another run is at work. So a crashed run never blocks the next one, and a live step is never overtaken.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipelines.warehouse.schema import NIGHT, RUN, RUN_STEP

log = logging.getLogger(__name__)

STEP_LOCK = sa.func.hashtext("cvp step at work")
MESSAGE_LIMIT = 4000
SILENT_END = "the process ended without a word"


class RunRefused(Exception):
    """Another run is at work, or this one has been superseded; nothing was touched."""


def require_current(connection: sa.Connection, run_id: str) -> None:
    """Raise RunRefused unless this run is the warehouse's current one."""
    current = connection.scalar(sa.select(NIGHT.c.run_id))
    if current != run_id:
        raise RunRefused(f"run {run_id} is not the current one ({current}): it was superseded, start it again")


@contextmanager
def exclusive(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which no step of any run is at work; raises RunRefused where one is."""
    with engine.begin() as connection:
        free = connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(STEP_LOCK)))
        if not free:
            at_work = connection.execute(
                sa.select(RUN_STEP.c.run_id, RUN_STEP.c.step).where(RUN_STEP.c.status == "running").limit(1)
            ).first()
            what = f"run {at_work.run_id}, step {at_work.step}" if at_work else "another run"
            raise RunRefused(f"{what} is at work in this warehouse: wait for it, or stop it, and start again")
        yield connection


def start_run(connection: sa.Connection, run_id: str, as_of: date, source_systems: list[str]) -> None:
    """Enter a run; runs that still stand as running are dead (no step is at work) and become `aborted`."""
    now = sa.func.clock_timestamp()
    dead = sa.and_(RUN.c.status == "running", RUN.c.run_id != run_id)
    message = sa.func.coalesce(RUN.c.message, SILENT_END)
    connection.execute(sa.update(RUN).where(dead).values(status="aborted", finished_at=now, message=message))
    _end_steps(connection, sa.true())
    values = {"as_of_date": as_of, "source_systems": source_systems, "status": "running"}
    row = insert(RUN).values(run_id=run_id, started_at=now, **values)
    cleared = {"finished_at": None, "failed_step": None, "message": None}
    connection.execute(row.on_conflict_do_update(index_elements=["run_id"], set_=values | cleared))


@contextmanager
def step(engine: sa.Engine, run_id: str, name: str) -> Iterator[None]:
    """Record one step's begin, end and failure; hold the step lock while it works.

    Raises:
        RunRefused: the run was superseded.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock_shared(STEP_LOCK)))
        try:
            require_current(connection, run_id)
            _enter(connection, run_id, name)
            try:
                yield
            except BaseException as error:
                _leave(connection, run_id, name, "failed", f"{type(error).__name__}: {error}"[:MESSAGE_LIMIT])
                raise
            _leave(connection, run_id, name, "done", None)
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock_shared(STEP_LOCK)))


def _enter(connection: sa.Connection, run_id: str, name: str) -> None:
    values = {"started_at": sa.func.clock_timestamp(), "finished_at": None, "status": "running", "message": None}
    row = insert(RUN_STEP).values(run_id=run_id, step=name, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["run_id", "step"], set_=values))


def _leave(connection: sa.Connection, run_id: str, name: str, status: str, message: str | None) -> None:
    connection.execute(
        sa.update(RUN_STEP)
        .where(RUN_STEP.c.run_id == run_id, RUN_STEP.c.step == name)
        .values(finished_at=sa.func.clock_timestamp(), status=status, message=message)
    )


def _end_steps(connection: sa.Connection, of_runs: sa.ColumnElement[bool]) -> None:
    """Steps that a killed process left standing as running."""
    ended = {"status": "failed", "finished_at": sa.func.clock_timestamp(), "message": SILENT_END}
    connection.execute(sa.update(RUN_STEP).where(RUN_STEP.c.status == "running", of_runs).values(ended))


def finish_run(engine: sa.Engine, run_id: str) -> str:
    """Close the run's entry and return its status: `published`, `failed` or, where no step failed, `aborted`.

    Idempotent. A run is `published` only by the publishing transaction itself.
    """
    with engine.begin() as connection:
        status = connection.scalar(sa.select(RUN.c.status).where(RUN.c.run_id == run_id))
        if status is None:
            return "unknown"
        closed: dict[str, object] = {"finished_at": sa.func.clock_timestamp()}
        if status == "running":
            killed = connection.scalar(
                sa.select(RUN_STEP.c.step).where(RUN_STEP.c.run_id == run_id, RUN_STEP.c.status == "running").limit(1)
            )
            _end_steps(connection, RUN_STEP.c.run_id == run_id)
            failed = connection.execute(
                sa.select(RUN_STEP.c.step, RUN_STEP.c.message)
                .where(RUN_STEP.c.run_id == run_id, RUN_STEP.c.status == "failed")
                .order_by(RUN_STEP.c.finished_at)
                .limit(1)
            ).first()
            status = "failed" if failed and not killed else "aborted"
            closed |= {
                "status": status,
                "failed_step": failed.step if failed else None,
                "message": failed.message if failed else SILENT_END,
            }
        open_entry = sa.and_(RUN.c.run_id == run_id, RUN.c.finished_at.is_(None))
        connection.execute(sa.update(RUN).where(open_entry).values(closed))
    return status
