"""Monthly: train both models on closed slices, try them beside the table of cells on slices that none has seen, decide.

A model is tried as it is kept: trained on the slices that were closed before the slices it is tried on, and not trained
again on these. So its figures are its own, and every later night can judge it on slices that it has not learnt from.
The table is tried as it would have been in force, with rates of up to the day of each slice: the harder comparison.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version as library_version
from typing import Any

import numpy as np
import sqlalchemy as sa

from pipelines.evaluate import aside
from pipelines.risk import choices
from pipelines.risk.learners import KINDS, SEED, fingerprint, fit, score
from pipelines.risk.measures import Figure, Judge, Outcomes, Scores, compare
from pipelines.risk.sample import FEATURES, MODELS, Fold, Levels, Sample, folds, known_from, read_sample, window_of
from pipelines.settings import Settings
from pipelines.warehouse.schema import CHURN_MODEL, RUN

log = logging.getLogger(__name__)

TRIED_SLICES = 6
# two models are tried, so each difference has to be clear of 0 by the half of 5 %
LEVEL = 1 - 0.05 / len(KINDS)
LIBRARIES = ("scikit-learn", "numpy", "scipy")
Figures = dict[str, dict[str, Figure]]


class NothingPublished(Exception):
    """No night is published in this warehouse: there is nothing to train on."""


@dataclass(frozen=True)
class Candidate:
    """A trained model with its figures; `difference` to the table of cells, measure by measure."""

    kind: str
    artefact: dict[str, Any]
    difference: dict[str, Figure]
    wins: bool
    reason: str


@dataclass(frozen=True)
class Training:
    """What a training came to. `candidates` is empty where there is too little history; `decision` says it in words."""

    as_of: date
    candidates: tuple[Candidate, ...]
    figures: Figures
    chosen: str | None
    decision: str
    versions: tuple[int, ...] = ()


def published_night(connection: sa.Connection) -> dict[str, Any]:
    """What the newest published night was told: columns of `control.night`.

    Raises:
        NothingPublished: no night is.
    """
    night = connection.scalar(
        sa.select(RUN.c.night)
        .where(RUN.c.status == "published", RUN.c.night.is_not(None))
        .order_by(RUN.c.as_of_date.desc(), RUN.c.started_at.desc())
        .limit(1)
    )
    if night is None:
        raise NothingPublished("no night is published yet: run `cvp night` first")
    return dict(night)


def night_date(night: dict[str, Any]) -> date:
    """The evaluated date of what a night was told."""
    return date.fromisoformat(str(night["as_of_date"]))


def train(settings: Settings, engine: sa.Engine) -> Training:
    """Train on the newest published night, store both models, put one in force where it wins.

    Again on the same night and landed rows it finds its own models and adds nothing. A choice that a person made
    stands: the models are stored and judged, nothing is put in force.

    Raises:
        NothingPublished: there is no night to train on.
        AsideBusy: another training is at work.
    """
    with engine.connect() as connection:
        night = published_night(connection)
    with aside(settings, engine, "training") as evaluation:
        evaluation.set_night(night | {"churn_recorded_slices": TRIED_SLICES, "churn_model_version": None})
        evaluation.run(for_models=MODELS)
        with engine.connect() as connection:
            sample = read_sample(connection, evaluation.relation)
    as_of, horizon = night_date(night), int(night["churn_horizon_days"])
    levels = Levels(float(night["churn_high_odds"]), float(night["churn_medium_odds"]))
    found = folds(sample, horizon, TRIED_SLICES)
    if not found:
        return Training(as_of, (), {}, None, f"too little history up to {as_of}: the table of cells stays in force")
    tried = compete(sample, found[0], levels, as_of)
    with engine.begin() as connection:
        # two trainings at once would give out the same versions
        connection.execute(sa.text("lock table control.churn_model in share row exclusive mode"))
        versions = _store(connection, tried, sample, found[0], horizon)
        decision = _put_in_force(connection, tried, versions)
    return Training(as_of, tried.candidates, tried.figures, tried.chosen, decision, versions)


def compete(sample: Sample, fold: Fold, levels: Levels, as_of: date) -> Training:
    """Train each kind on the fold's learnt slices and judge it on its tried ones, beside the table and recency."""
    learnt = sample.where(np.isin(sample.slice, fold.learnt))
    tried = sample.where(np.isin(sample.slice, fold.tried) & ~np.isnan(sample.cells))
    artefacts = {kind: fit(kind, learnt.features, learnt.churned) for kind in KINDS}
    judged = {"cells": tried.cells} | {kind: score(one, tried.features) for kind, one in artefacts.items()}
    outcomes = Outcomes(tried.churned, tried.margin, tried.customer)
    judges = {
        name: Judge(Scores(values, levels.flagged(values, tried.base_rate)), outcomes)
        for name, values in judged.items()
    }
    judges["recency"] = Judge(Scores(tried.silent_days), outcomes)
    figures, differences = compare(judges, outcomes, SEED, LEVEL)
    candidates = tuple(
        Candidate(kind, artefacts[kind], differences[kind], *_verdict(differences[kind])) for kind in KINDS
    )
    winners = [one for one in candidates if one.wins]
    best = min(winners, key=lambda one: one.difference["brier"].value, default=None)
    decision = (
        f"{best.kind} wins on {len(fold.tried)} slices that it has not seen: {best.reason}"
        if best
        else "no model wins by more than its interval: the table of cells stays in force"
    )
    return Training(as_of, candidates, figures, best.kind if best else None, decision)


def _verdict(difference: dict[str, Figure]) -> tuple[bool, str]:
    """A model wins where it ranks better and is nearer to what happened, both by more than the interval."""
    auc, brier = difference["auc"], difference["brier"]
    ranks, nearer = auc.low > 0, brier.high < 0
    words = (
        f"AUC {auc.value:+.4f} ({auc.low:+.4f} to {auc.high:+.4f}),"
        f" Brier {brier.value:+.5f} ({brier.low:+.5f} to {brier.high:+.5f}) against the table of cells"
    )
    return ranks and nearer, words


def _plain(figures: dict[str, Figure]) -> dict[str, list[float | None]]:
    """Measure -> [value, low, high] for JSON, which has no NaN."""
    return {
        name: [None if np.isnan(x) else float(x) for x in (one.value, one.low, one.high)]
        for name, one in figures.items()
    }


def _store(connection: sa.Connection, tried: Training, sample: Sample, fold: Fold, horizon: int) -> tuple[int, ...]:
    first, last = window_of(sample, fold.learnt)
    tried_first, tried_last = window_of(sample, fold.tried)
    newest = connection.scalar(sa.select(sa.func.max(CHURN_MODEL.c.version))) or 0
    versions = []
    for one in tried.candidates:
        figures = {
            "tried_from": tried_first.isoformat(), "tried_to": tried_last.isoformat(),
            "tried_customer_slices": int((np.isin(sample.slice, fold.tried) & ~np.isnan(sample.cells)).sum()),
            "interval": LEVEL,
            "own": _plain(tried.figures[one.kind]), "cells": _plain(tried.figures["cells"]),
            "recency": _plain(tried.figures["recency"]), "difference": _plain(one.difference),
        }  # fmt: skip
        sha = fingerprint(one.artefact)
        stored = _stored(connection, tried.as_of, horizon, sha, figures)
        if stored is not None:
            versions.append(stored)
            continue
        newest += 1
        versions.append(newest)
        connection.execute(
            sa.insert(CHURN_MODEL).values(
                version=newest, kind=one.kind, made_at=sa.func.clock_timestamp(), trained_as_of=tried.as_of,
                horizon_days=horizon, first_slice_on=first, last_slice_on=last,
                known_from=known_from(last, horizon),
                customer_slices=int(np.isin(sample.slice, fold.learnt).sum()), features=list(FEATURES),
                artefact=one.artefact, artefact_sha256=sha,
                libraries={name: library_version(name) for name in LIBRARIES}, seed=SEED, figures=figures,
                is_chosen=False,
                decision=("wins: " if one.wins else "does not win: ") + one.reason,
            )
        )  # fmt: skip
    return tuple(versions)


def _stored(connection: sa.Connection, as_of: date, horizon: int, sha: str, figures: dict[str, Any]) -> int | None:
    """The version that an earlier training on the same night, landed rows and code has stored."""
    rows = connection.execute(
        sa.select(CHURN_MODEL.c.version, CHURN_MODEL.c.figures).where(
            CHURN_MODEL.c.trained_as_of == as_of, CHURN_MODEL.c.horizon_days == horizon,
            CHURN_MODEL.c.artefact_sha256 == sha,
        )
    )  # fmt: skip
    return next((row.version for row in rows if row.figures == figures), None)


def _put_in_force(connection: sa.Connection, tried: Training, versions: tuple[int, ...]) -> str:
    """Record the choice, unless a person's stands; what was done, in words."""
    active_from = tried.as_of + timedelta(days=1)
    before = choices.choice_for(connection, active_from)
    if choices.is_a_persons(before):
        return f"{tried.decision}; a person's choice stands (`cvp churn use automatic` ends it)"
    kinds = [one.kind for one in tried.candidates]
    version = versions[kinds.index(tried.chosen)] if tried.chosen else None
    standing = before.version if before is not None else None
    if version != standing:
        choices.choose(connection, version, active_from, choices.TRAINING, tried.decision)
        put_in_force = CHURN_MODEL.c.version == version
        connection.execute(sa.update(CHURN_MODEL).where(put_in_force).values(is_chosen=True))
    return tried.decision
