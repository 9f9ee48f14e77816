"""Activating a version: the only act that changes what tomorrow's scores rest on. A log, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.calibrate.drafts import CalibrationError
from pipelines.calibrate.proposal import newest_night, require_words
from pipelines.calibrate.versions import FINISHED, calibration_for, enter_activation
from pipelines.night import ledger
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_ACTIVATION
from pipelines.warehouse.schema import RUN


@dataclass(frozen=True)
class Activation:
    """From which evaluated date which version applies, and which did until then."""

    version: int
    active_from: date
    replaced: int | None


def activate(engine: sa.Engine, version: int, author: str, reason: str, active_from: date | None = None) -> Activation:
    """Let a finished version apply from a date on (default: the day after the newest published night).

    A published night keeps the version that it was published with: the date must lie after the newest of them.

    Raises:
        CalibrationError: no such finished version, a date that is published already, a night of it is open, author or
            reason are missing, or the version applies then anyway.
        RunRefused: a step of a run is at work.
    """
    require_words(author, reason)
    with ledger.exclusive(engine) as connection:
        connection.execute(sa.text("lock table control.calibration_activation in share row exclusive mode"))
        require_finished(connection, version)
        newest = newest_night(connection)
        start = active_from or newest + timedelta(days=1)
        if start <= newest:
            raise CalibrationError(
                f"{start} is published already, and published nights keep their calibration: activate from"
                f" {newest + timedelta(days=1)} or later"
            )
        _require_no_open_night(connection, start)
        replaced = calibration_for(connection, start)
        if replaced == version:
            raise CalibrationError(f"calibration {version} applies to {start} already")
        enter_activation(connection, version, start, author, reason)
    return Activation(version, start, replaced)


def require_finished(connection: sa.Connection, version: int) -> None:
    """Raise CalibrationError unless there is such a version, finished."""
    found = connection.scalar(sa.select(CALIBRATION.c.version).where(CALIBRATION.c.version == version, FINISHED))
    if found is None:
        known: Any = connection.scalars(
            sa.select(CALIBRATION.c.version).where(FINISHED).order_by(CALIBRATION.c.version)
        )
        raise CalibrationError(f"there is no calibration {version}; there are {', '.join(map(str, known)) or 'none'}")


def _require_no_open_night(connection: sa.Connection, start: date) -> None:
    """A night that was opened took its version along: it would publish a date under another than the log says."""
    open_night = sa.select(RUN.c.run_id, RUN.c.as_of_date).where(RUN.c.status == "running", RUN.c.as_of_date >= start)
    row = connection.execute(open_night.limit(1)).first()
    if row is not None:
        raise CalibrationError(
            f"run {row.run_id} of {row.as_of_date} is not closed: wait for it, start that night again if it died, or"
            f" activate from {row.as_of_date + timedelta(days=1)}"
        )


def next_night(connection: sa.Connection) -> date:
    """The evaluated date after the newest published one; raises CalibrationError where nothing is published."""
    return newest_night(connection) + timedelta(days=1)


def versions(connection: sa.Connection) -> list[sa.Row[Any]]:
    """Every finished version, newest first, each with its latest activation where it has one."""
    own = CALIBRATION_ACTIVATION.c
    latest = sa.select(sa.func.max(own.activation_id)).group_by(own.version)
    is_latest = sa.and_(own.version == CALIBRATION.c.version, own.activation_id.in_(latest))
    columns: list[Any] = [
        CALIBRATION, own.active_from_on, own.activated_at, own.author.label("activation_author"),
        own.reason.label("activation_reason"),
    ]  # fmt: skip
    joined = sa.outerjoin(CALIBRATION, CALIBRATION_ACTIVATION, is_latest)
    query = sa.select(*columns).select_from(joined).where(FINISHED).order_by(CALIBRATION.c.version.desc())
    return list(connection.execute(query).all())


def activations(connection: sa.Connection, version: int) -> list[sa.Row[Any]]:
    """Every activation of a version, oldest first."""
    log = sa.select(CALIBRATION_ACTIVATION).where(CALIBRATION_ACTIVATION.c.version == version)
    return list(connection.execute(log.order_by(CALIBRATION_ACTIVATION.c.activation_id)).all())
