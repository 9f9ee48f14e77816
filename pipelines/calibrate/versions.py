"""Calibration versions: the first one of a warehouse, and which one applies to a date.

A version is frozen once it has its medians. Until then it is unfinished: nothing applies it, and the next run replaces
it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa

from pipelines.calibrate import population
from pipelines.calibrate.judgement_sets import JudgementSet, read_sets
from pipelines.calibrate.population import ReferencePoints
from pipelines.calibrate.tree import WeighedNode, judged_weights
from pipelines.indicators import Indicator, load_indicators
from pipelines.settings import Settings
from pipelines.warehouse.calibration_schema import (
    CALIBRATION,
    CALIBRATION_ACTIVATION,
    CALIBRATION_INDICATOR,
    CALIBRATION_JUDGEMENT_SET,
)
from pipelines.warehouse.schema import NIGHT

log = logging.getLogger(__name__)

METHOD = (
    "Weights: analytic hierarchy process, principal eigenvector of the pairwise judgements, dimension > group >"
    " indicator. Points: linear between the 5th and the 95th percentile of the active customers' values (minimum and"
    " maximum where these coincide or nine tenths hold one value), after asinh(x / median of |x|) where the indicator"
    " says asinh. Quadrants: medians of the active customers' current and potential score."
)
FIRST_AUTHOR = "pipeline"
FIRST_REASON = "first run of an empty warehouse: default judgements, that night's population"

_FINISHED = sa.and_(CALIBRATION.c.median_current_score.is_not(None), CALIBRATION.c.median_potential_score.is_not(None))


class CalibrationError(Exception):
    """No calibration can be made; the message says why."""


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
        connection.execute(sa.delete(CALIBRATION).where(sa.not_(_FINISHED)))
        version = _write_version(connection, as_of, indicators, sets)
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


def _write_version(
    connection: sa.Connection, as_of: date, indicators: tuple[Indicator, ...], sets: list[JudgementSet]
) -> int:
    customers = population.active_customers(connection)
    if customers == 0:
        raise CalibrationError(
            f"no customer is active on {as_of}: nothing to calibrate on. Evaluate a date with orders in the active"
            " window before it, or look at landing.sales_order_line"
        )
    references = population.reference_points(connection, indicators)
    version = 1 + (connection.scalar(sa.select(sa.func.max(CALIBRATION.c.version))) or 0)
    connection.execute(
        sa.insert(CALIBRATION).values(
            version=version,
            made_at=sa.func.clock_timestamp(),
            population_date=as_of,
            population_customers=customers,
            author=FIRST_AUTHOR,
            reason=FIRST_REASON,
            method=METHOD,
        )
    )
    for position, judged in enumerate(sets, 1):
        connection.execute(sa.insert(CALIBRATION_JUDGEMENT_SET).values(_set_row(version, position, judged)))
        weights = judged_weights(judged.nodes, indicators)
        rows = [
            _row(version, judged.name, one, weights[one.indicator_id], references[one.indicator_id])
            for one in indicators
        ]
        connection.execute(sa.insert(CALIBRATION_INDICATOR), rows)
    return version


def _set_row(version: int, position: int, judged: JudgementSet) -> dict[str, object]:
    return {
        "version": version,
        "judgement_set": judged.name,
        "position": position,
        "name_en": judged.name_en,
        "name_zh": judged.name_zh,
        "reason": judged.reason,
        "rule": {column: list(values) for column, values in judged.rule.items()},
        "judgements": _stored(judged.nodes.values()),
    }


def _stored(nodes: Iterable[WeighedNode]) -> dict[str, object]:
    return {
        node.node: {
            "weights": dict(node.weights),
            "consistency_ratio": node.consistency_ratio,
            "judgements": [judgement.model_dump() for judgement in node.judgements],
        }
        for node in nodes
    }


def _row(
    version: int, judgement_set: str, indicator: Indicator, weight: float, reference: ReferencePoints
) -> dict[str, object]:
    return {
        "version": version,
        "judgement_set": judgement_set,
        "indicator_id": indicator.indicator_id,
        "dimension": indicator.dimension,
        "indicator_group": indicator.group,
        "nominal_weight": weight,
        "transform": indicator.scale,
        "higher_is_better": indicator.higher_is_better,
        **asdict(reference),
    }


def _finish(connection: sa.Connection, version: int, as_of: date) -> None:
    current, potential = population.score_medians(connection)
    if current is None or potential is None:
        raise CalibrationError(
            f"calibration {version}: nobody has a {'current' if current is None else 'potential'} score; weigh an"
            " indicator of that dimension that somebody has a value of"
        )
    connection.execute(
        sa.update(CALIBRATION)
        .where(CALIBRATION.c.version == version)
        .values(median_current_score=current, median_potential_score=potential)
    )
    connection.execute(
        sa.insert(CALIBRATION_ACTIVATION).values(
            version=version,
            active_from_on=as_of,
            activated_at=sa.func.clock_timestamp(),
            author=FIRST_AUTHOR,
            reason=FIRST_REASON,
        )
    )
