"""Calibration versions: the first one of a warehouse, and which one applies to a date.

A version is frozen once it has its medians. Until then it is unfinished: nothing applies it, and the next run replaces
it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

import sqlalchemy as sa

from pipelines.calibrate.drafts import (
    CalibrationError,
    Making,
    judged_draft,
    measure,
    next_version,
    require_medians,
    write_draft,
)
from pipelines.calibrate.judgement_sets import read_sets
from pipelines.indicators import load_indicators
from pipelines.settings import Settings
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_ACTIVATION
from pipelines.warehouse.schema import NIGHT

log = logging.getLogger(__name__)

FIRST_AUTHOR = "pipeline"
FIRST_REASON = "first run of an empty warehouse: default judgements, that night's population"

FINISHED = sa.and_(CALIBRATION.c.median_current_score.is_not(None), CALIBRATION.c.median_potential_score.is_not(None))


def calibration_for(connection: sa.Connection, as_of: date) -> int | None:
    """The version that applies to a date: that of the newest activation by then, else the first version activated.

    None where no version is active yet. Of two activations for the same day the later one holds.
    """
    newest = (
        sa.select(CALIBRATION_ACTIVATION.c.version)
        .where(CALIBRATION_ACTIVATION.c.active_from_on <= as_of)
        .order_by(CALIBRATION_ACTIVATION.c.active_from_on.desc(), CALIBRATION_ACTIVATION.c.activation_id.desc())
        .limit(1)
    )
    version = connection.scalar(newest)
    if version is None:
        version = connection.scalar(sa.select(sa.func.min(CALIBRATION_ACTIVATION.c.version)))
    return version


def first_calibration(settings: Settings, engine: sa.Engine, run_id: str, build_scores: Callable[[], object]) -> int:
    """Make version 1 from the default judgements and tonight's population, where no finished version exists.

    `build_scores` builds the scores layer; its medians complete the version. Safe to run again after a crash at any
    point: an unfinished version is replaced.

    Returns:
        The version that applies to the night; the night is set to it.

    Raises:
        CalibrationError: nobody is active, or the night belongs to another run.
        JudgementError: the judgement files are faulty or contradict themselves.
    """
    with engine.begin() as connection:
        as_of = _night_of(connection, run_id)
        version = calibration_for(connection, as_of)
        if version is not None:
            _set_night(connection, version)
            return version
    indicators = load_indicators(settings)
    sets = read_sets(settings.judgement_sets, indicators, settings.judgement_folder)
    with engine.begin() as connection:
        connection.execute(sa.delete(CALIBRATION).where(sa.not_(FINISHED)))
        customers, references = measure(connection, as_of, indicators)
        version = next_version(connection)
        making = Making(FIRST_AUTHOR, FIRST_REASON, as_of, customers, indicators, sets, references)
        write_draft(connection, version, judged_draft(making))
        _set_night(connection, version)
    build_scores()
    with engine.begin() as connection:
        _night_of(connection, run_id)
        _finish(connection, version, as_of)
    log.info("calibration %d made from the population of %s", version, as_of)
    return version


def _night_of(connection: sa.Connection, run_id: str) -> date:
    row = connection.execute(sa.select(NIGHT.c.run_id, NIGHT.c.as_of_date)).first()
    if row is None or row.run_id != run_id:
        raise CalibrationError(f"run {run_id} is not the warehouse's current one: start the night again")
    as_of: date = row.as_of_date
    return as_of


def _set_night(connection: sa.Connection, version: int) -> None:
    connection.execute(sa.update(NIGHT).values(calibration_version=version))


def _finish(connection: sa.Connection, version: int, as_of: date) -> None:
    current, potential = require_medians(connection, version)
    connection.execute(
        sa.update(CALIBRATION)
        .where(CALIBRATION.c.version == version)
        .values(median_current_score=current, median_potential_score=potential)
    )
    enter_activation(connection, version, as_of, FIRST_AUTHOR, FIRST_REASON)


def enter_activation(connection: sa.Connection, version: int, active_from: date, author: str, reason: str) -> None:
    """Enter into the log that a version applies from a date on."""
    connection.execute(
        sa.insert(CALIBRATION_ACTIVATION).values(
            version=version,
            active_from_on=active_from,
            activated_at=sa.func.clock_timestamp(),
            author=author,
            reason=reason,
        )
    )
