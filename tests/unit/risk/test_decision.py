"""A model is put in force only where it ranks better and is nearer to what happened, both beyond the interval."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipelines.risk.backtest import judge
from pipelines.risk.measures import Figure
from pipelines.risk.sample import Fold, Levels
from pipelines.risk.training import _verdict, compete
from tests.unit.risk.samples import LATEST, STEP, sample_of

BETTER_RANK, NO_RANK = Figure(0.02, 0.001, 0.04), Figure(0.02, -0.001, 0.04)
NEARER, NOT_NEARER = Figure(-0.01, -0.02, -0.001), Figure(-0.01, -0.02, 0.001)
LEVELS = Levels(4, 2)


@pytest.mark.parametrize(
    ("auc", "brier", "wins"),
    [(BETTER_RANK, NEARER, True), (NO_RANK, NEARER, False), (BETTER_RANK, NOT_NEARER, False)],
)
def test_both_must_be_clear_of_nothing(auc, brier, wins):
    assert _verdict({"auc": auc, "brier": brier})[0] is wins


def test_figures_are_of_the_tried_slices_only_and_the_learnt_ones_only_teach():
    sample = sample_of(range(1, 25), customers=60)
    told = replace(sample, features=sample.features.copy(), silent_days=np.where(sample.churned, 90.0, 5.0))
    told.features[:, 0] = np.where(sample.churned, 1.0, 0.0)
    fold = Fold((1, 2, 3), tuple(range(12, 24)))
    right = compete(told, fold, LEVELS, date(2025, 1, 1))
    winners = [one for one in right.candidates if one.wins]
    assert len(winners) == 2
    assert right.chosen == min(winners, key=lambda one: one.difference["brier"].value).kind
    # told the wrong way round where it learns, it is wrong where it is tried
    misled = replace(told, features=told.features.copy())
    learnt = np.isin(sample.slice, fold.learnt)
    misled.features[learnt, 0] = 1 - misled.features[learnt, 0]
    wrong = compete(misled, fold, LEVELS, date(2025, 1, 1))
    assert wrong.figures["logistic_regression"]["auc"].value < 0.1
    assert wrong.chosen is None
    assert wrong.figures["recency"]["auc"].value == 1


def test_the_warning_time_of_a_loss_runs_from_the_first_flagged_slice_of_its_silence():
    """One customer, last order 10 days before slice 5; flagged from slice 3 on; gone 180 days after its order."""
    sample = sample_of(range(1, 6), customers=1)
    day = LATEST - STEP * (sample.slice - 1)
    last_order = LATEST - 4 * STEP - 10
    probability = np.where(sample.slice <= 3, 0.9, 0.1)
    one = replace(
        sample, churned=np.full(5, True), silent_days=(day - last_order).astype(float), cells=probability,
        group=np.where(sample.slice == 5, "core", "general"),
    )  # fmt: skip
    times = judge(one, date(2025, 1, 1), 180, LEVELS).lead_times
    flagged_on = LATEST - 2 * STEP
    assert times["all"].flagged.tolist() == [last_order + 180 - flagged_on]
    assert times["core"].lost == 1
    assert times["important"].lost == 0
