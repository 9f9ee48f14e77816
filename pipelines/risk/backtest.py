"""The report over all of history: every closed slice predicted from the slices closed before it, and what came of it.

The table of cells is tried on every slice with the rates of its own day. The trained models walk forward: each fold of
slices is scored by models trained on what was closed before the oldest of them. Recency, the days since the last order,
is the floor. Everything is evaluated aside; nothing of the night is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from pipelines.evaluate import aside
from pipelines.risk.learners import KINDS, SEED, fit, score
from pipelines.risk.measures import Figure, Judge, Outcomes, Scores, compare
from pipelines.risk.sample import MODELS, Levels, Sample, folds, read_sample
from pipelines.risk.training import TRIED_SLICES, night_date, published_night
from pipelines.settings import Settings

Floats = NDArray[np.float64]

CELLS, RECENCY = "cells", "recency"
GROUPS = ("all", "core", "important")
RECORDED_SLICES = 120
RESAMPLES = 200
LEAST_IN_A_GROUP = 30


@dataclass(frozen=True)
class Group:
    """One tier group: customer-slices, customers, churned; figures by predictor and measure."""

    name: str
    customer_slices: int
    customers: int
    churned: int
    figures: Mapping[str, Mapping[str, Figure]]


@dataclass(frozen=True)
class LeadTimes:
    """Customers that fell silent for a whole horizon, by tier group: how many, and days of warning of those flagged.

    The warning is the time from the first slice of the silence at which the level was high (`high`), or high or medium
    (`flagged`), to the day on which a whole horizon had passed without an order.
    """

    lost: int
    high: Floats
    flagged: Floats


@dataclass(frozen=True)
class Backtest:
    """The report's data. `probability` holds each predictor's value for every tried customer-slice of `sample`."""

    as_of: date
    horizon_days: int
    slices: tuple[date, ...]
    groups: tuple[Group, ...]
    lead_times: Mapping[str, LeadTimes]
    sample: Sample
    probability: Mapping[str, Floats]
    levels: Levels

    @property
    def is_empty(self) -> bool:
        """Whether there was too little history to try anything."""
        return not self.slices


def backtest(settings: Settings, engine: sa.Engine) -> Backtest:
    """Evaluate the whole history up to the newest published night.

    Raises:
        NothingPublished: there is no night to begin from.
        AsideBusy: another backtest is at work.
    """
    with engine.connect() as connection:
        night = published_night(connection)
    with aside(settings, engine, "backtest") as evaluation:
        evaluation.set_night(night | {"churn_recorded_slices": RECORDED_SLICES, "churn_model_version": None})
        evaluation.run(for_models=MODELS)
        with engine.connect() as connection:
            sample = read_sample(connection, evaluation.relation)
    horizon = int(night["churn_horizon_days"])
    levels = Levels(float(night["churn_high_odds"]), float(night["churn_medium_odds"]))
    return judge(sample, night_date(night), horizon, levels)


def judge(sample: Sample, as_of: date, horizon_days: int, levels: Levels) -> Backtest:
    """The report of a sample."""
    tried = ~np.isnan(sample.cells)
    probability = {CELLS: sample.cells} | walk_forward(sample, horizon_days)
    probability = {name: values[tried] for name, values in probability.items()}
    known = sample.where(tried)
    slices = tuple(sorted({date.fromordinal(int(day)) for day in known.snapshot}))
    groups = tuple(_groups(known, probability, levels)) if slices else ()
    lead_times = _lead_times(known, horizon_days, levels) if slices else {}
    return Backtest(as_of, horizon_days, slices, groups, lead_times, known, probability, levels)


def walk_forward(sample: Sample, horizon_days: int) -> dict[str, Floats]:
    """Each trained model's scores of the recorded slices, NaN where too little was closed before them."""
    found = {kind: np.full(len(sample.slice), np.nan) for kind in KINDS}
    for fold in folds(sample, horizon_days, TRIED_SLICES):
        learnt = sample.where(np.isin(sample.slice, fold.learnt))
        tried = np.isin(sample.slice, fold.tried)
        for kind in KINDS:
            found[kind][tried] = score(fit(kind, learnt.features, learnt.churned), sample.features[tried])
    return found


def _members(sample: Sample) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name in GROUPS:
        yield name, np.ones(len(sample.slice), dtype=bool) if name == "all" else sample.group == name


def _groups(sample: Sample, probability: Mapping[str, Floats], levels: Levels) -> Iterator[Group]:
    """All predictors on the same customer-slices: those that every one of them could score."""
    scored = ~np.any([np.isnan(values) for values in probability.values()], axis=0)
    if not scored.any():
        # too little for a trained model: the table alone
        scored, probability = np.ones(len(sample.slice), dtype=bool), {CELLS: probability[CELLS]}
    for name, inside in _members(sample):
        chosen = scored & inside
        part = sample.where(chosen)
        outcomes = Outcomes(
            part.churned, part.margin, np.unique(part.customer, return_inverse=True)[1].astype(np.int64)
        )
        judges = {
            predictor: Judge(Scores(values[chosen], levels.flagged(values[chosen], part.base_rate)), outcomes)
            for predictor, values in probability.items()
        }
        judges[RECENCY] = Judge(Scores(part.silent_days), outcomes)
        enough = len(part.slice) >= LEAST_IN_A_GROUP
        figures = compare(judges, outcomes, SEED, resamples=RESAMPLES)[0] if enough else {}
        yield Group(name, len(part.slice), len(np.unique(part.customer)), int(part.churned.sum()), figures)


def _lead_times(sample: Sample, horizon_days: int, levels: Levels) -> dict[str, LeadTimes]:
    """By tier group at the beginning of the silence: a customer that buys no more sinks while it is silent.

    A silence is a customer and its last order day; it is a loss when a churned slice shows a whole horizon of it.
    """
    last_order = sample.snapshot - sample.silent_days.astype(np.int64)
    silences, silence = np.unique(np.stack([sample.customer, last_order], axis=1), axis=0, return_inverse=True)
    silence = np.ravel(silence)
    first_slice = np.full(len(silences), -1)
    # slices are numbered backwards: of a silence's slices the oldest stands last
    first_slice[silence] = np.arange(len(silence))
    group = sample.group[first_slice]
    lost = np.zeros(len(silences), dtype=bool)
    lost[silence[sample.churned]] = True
    ends = silences[:, 1] + horizon_days
    warned = {
        "high": levels.reached(sample.cells, sample.base_rate, levels.high),
        "flagged": levels.flagged(sample.cells, sample.base_rate),
    }
    days = {name: _days_ahead(sample, silence, ends, chosen) for name, chosen in warned.items()}
    found = {}
    for name in GROUPS:
        inside = lost & ((group == name) | (name == "all"))
        ahead = {level: values[inside & (values > 0)] for level, values in days.items()}
        found[name] = LeadTimes(int(inside.sum()), ahead["high"], ahead["flagged"])
    return found


def _days_ahead(
    sample: Sample, silence: NDArray[np.int64], ends: NDArray[np.int64], flagged: NDArray[np.bool_]
) -> Floats:
    """Days from the first flagged slice of each silence to its end; 0 where none was."""
    first = np.full(len(ends), np.iinfo(np.int64).max)
    np.minimum.at(first, silence[flagged], sample.snapshot[flagged])
    return np.where(first < ends, ends - np.minimum(first, ends), 0).astype(np.float64)
