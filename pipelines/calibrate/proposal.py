"""Proposing a calibration: judgements, a population date, and optionally what the population says of the weights.

Everything is evaluated aside, by the models of the night; `control` gets the finished version in one transaction, and
nothing applies it until a person activates it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from pipelines import evaluate
from pipelines.calibrate import population
from pipelines.calibrate.drafts import (
    OBJECTIVES,
    CalibrationError,
    Draft,
    Making,
    blended_draft,
    judged_draft,
    measure,
    next_version,
    require_medians,
    write_draft,
)
from pipelines.calibrate.judgement_sets import read_sets
from pipelines.indicators import load_indicators
from pipelines.settings import Settings
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_INDICATOR, CALIBRATION_JUDGEMENT_SET

log = logging.getLogger(__name__)

BEFORE_SCORES = ("staging", "intermediate", "indicators")


@dataclass(frozen=True)
class Proposal:
    """What a person asks for. None: the newest published night, the settings' sets, the settings' folder."""

    author: str
    reason: str
    population_date: date | None = None
    judgement_sets: Sequence[str] | None = None
    judgement_folder: Path | None = None
    objective: str = "none"


def propose(settings: Settings, engine: sa.Engine, proposal: Proposal) -> int:
    """Make a version that is finished and not active; its number.

    Raises:
        CalibrationError: no night was evaluated yet, nobody is active, author or reason are missing.
        JudgementError: the judgement files are faulty or contradict themselves.
        AsideBusy: another comparison or proposal is at work.
    """
    require_words(proposal.author, proposal.reason)
    if proposal.objective not in OBJECTIVES:
        raise CalibrationError(f"objective weighting {proposal.objective!r}; known: {', '.join(OBJECTIVES)}")
    indicators = load_indicators(settings)
    folder = proposal.judgement_folder or settings.judgement_folder
    sets = read_sets(proposal.judgement_sets or settings.judgement_sets, indicators, folder)
    with engine.connect() as connection:
        night = last_night(connection)
        as_of = proposal.population_date or newest_night(connection)
        provisional = next_version(connection)
    with evaluate.aside(settings, engine, "comparison") as evaluation:
        evaluation.set_night(night | {"as_of_date": as_of, "calibration_version": provisional})
        evaluation.run(BEFORE_SCORES, for_models=["score_customer"])
        with engine.connect() as connection:
            customers, references = measure(connection, as_of, indicators, evaluation.prefix)
        making = Making(proposal.author, proposal.reason, as_of, customers, indicators, sets, references)
        draft = _weighed(engine, evaluation, provisional, making, proposal.objective)
        with engine.connect() as connection:
            medians = require_medians(connection, provisional, evaluation.prefix)
    with engine.begin() as connection:
        connection.execute(sa.text("lock table control.calibration in share row exclusive mode"))
        version = next_version(connection)
        write_draft(connection, version, draft, medians)
    log.info("calibration %d proposed from the population of %s", version, as_of)
    return version


def _weighed(engine: sa.Engine, evaluation: evaluate.Aside, version: int, making: Making, objective: str) -> Draft:
    """The draft, with the scores built under it: objective weights need the points first."""
    draft = judged_draft(making)
    _build_scores(engine, evaluation, version, draft)
    if objective == "none":
        return draft
    with engine.connect() as connection:
        points = population.points(connection, making.indicators, evaluation.prefix)
    draft = blended_draft(making, points, objective)
    _build_scores(engine, evaluation, version, draft)
    return draft


def _build_scores(engine: sa.Engine, evaluation: evaluate.Aside, version: int, draft: Draft) -> None:
    aside = {"control": f"{evaluation.prefix}control"}
    with engine.connect().execution_options(schema_translate_map=aside) as connection, connection.begin():
        for table in (CALIBRATION_INDICATOR, CALIBRATION_JUDGEMENT_SET, CALIBRATION):
            connection.execute(sa.delete(table).where(table.c.version == version))
        write_draft(connection, version, draft)
    evaluation.run(("scores",), for_models=["score_customer"])


def require_words(author: str, reason: str) -> None:
    """Raise CalibrationError unless somebody says who decides and why."""
    for name, text in (("author", author), ("reason", reason)):
        if not text.strip():
            raise CalibrationError(f"the {name} is missing: a calibration is a decision, say whose and why")


def last_night(connection: sa.Connection) -> dict[str, object]:
    """The columns of `control.night` as the last night was told them; raises CalibrationError where none ever was."""
    row = connection.scalar(sa.text("select to_jsonb(night) from control.night as night"))
    if row is None:
        raise CalibrationError("no night was evaluated yet: run `cvp night` first, it makes calibration 1")
    return dict(row)


def newest_night(connection: sa.Connection) -> date:
    """The newest published night; raises CalibrationError where nothing is published."""
    newest = connection.scalar(sa.text("select as_of_date from publication.current_night"))
    if newest is None:
        raise CalibrationError("nothing is published yet: run `cvp night` first")
    return newest
