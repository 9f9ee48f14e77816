"""Which slices a model learns from and is tried on, and what a level means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.risk.sample import Levels, folds
from tests.unit.risk.samples import STEP, sample_of

HORIZON = 6 * STEP


def test_a_fold_learns_from_slices_whose_outcome_was_known_on_the_oldest_day_it_is_tried_on():
    sample = sample_of(range(1, 25))
    first, *_ = folds(sample, HORIZON, 6)
    assert first.tried == (1, 2, 3, 4, 5, 6)
    # slice 12's outcome is known six steps later, on the day of slice 6
    assert first.learnt == tuple(range(12, 24))


def test_a_horizon_a_day_longer_learns_from_one_slice_later():
    first, *_ = folds(sample_of(range(1, 30)), HORIZON + 1, 6)
    assert first.learnt[0] == 13


def test_folds_go_on_as_far_back_as_there_is_enough_to_learn_from():
    found = folds(sample_of(range(1, 25)), HORIZON, 6)
    assert [one.tried for one in found] == [(1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12), (13, 14, 15, 16)]
    assert [len(one.learnt) for one in found] == [12, 7, 3]


def test_fewer_slices_are_tried_where_the_past_is_short_and_none_where_it_is_too_short():
    assert [one.tried for one in folds(sample_of(range(1, 12)), HORIZON, 6)] == [(1, 2, 3)]
    assert folds(sample_of(range(1, 9)), HORIZON, 6) == []


def test_fewer_than_200_customer_slices_or_one_outcome_only_are_not_enough():
    assert folds(sample_of(range(1, 25), customers=17), HORIZON, 6) != []
    assert folds(sample_of(range(1, 25), customers=16), HORIZON, 6) == []
    sample = sample_of(range(1, 25))
    for outcome in (False, True):
        assert folds(replace(sample, churned=np.full(len(sample.slice), outcome)), HORIZON, 6) == []


def test_only_recorded_slices_are_tried():
    assert [one.tried for one in folds(sample_of(range(1, 25), recorded=[2, 3]), HORIZON, 6)] == [(2, 3)]


def test_a_level_begins_where_the_odds_are_so_many_times_the_base_rates():
    levels = Levels(high=4, medium=2)
    probability = np.array([0.33, 0.34, 0.49, 0.51])
    base_rate = np.full(4, 0.2)
    assert levels.flagged(probability, base_rate).tolist() == [False, True, True, True]
    assert levels.reached(probability, base_rate, levels.high).tolist() == [False, False, False, True]
    assert not levels.flagged(np.array([0.0, 1.0]), np.zeros(2)).any()
