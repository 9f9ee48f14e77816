"""AUC, lift, Brier, calibration and lost margin against counts by hand and by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from pipelines.risk.measures import Judge, Outcomes, Scores, _figure, compare


def _outcomes(churned: list[int], margin: list[float] | None = None) -> Outcomes:
    amounts = np.array(margin or [0.0] * len(churned))
    return Outcomes(np.array(churned, dtype=bool), amounts, np.arange(len(churned)))


def _measured(value: list[float], outcomes: Outcomes, flagged: list[int] | None = None) -> dict[str, float]:
    flags = None if flagged is None else np.array(flagged, dtype=bool)
    return Judge(Scores(np.array(value), flags), outcomes).measure(np.ones(len(value)))


def test_auc_is_the_share_of_pairs_in_the_right_order_and_equal_scores_count_half():
    found = _measured([0.9, 0.5, 0.5, 0.1], _outcomes([1, 1, 0, 0]))
    # pairs: (0.9, 0.5) right, (0.9, 0.1) right, (0.5, 0.5) half, (0.5, 0.1) right
    assert found["auc"] == 3.5 / 4


def test_measures_are_those_of_scikit_learn_whatever_ties_and_weights():
    dice = np.random.default_rng(7)
    value = np.round(dice.random(500), 2)
    churned = dice.random(500) < value
    weight = dice.integers(0, 4, 500).astype(float)
    judge = Judge(Scores(value, value >= 0.5), Outcomes(churned, np.ones(500), np.arange(500)))
    found = judge.measure(weight)
    assert found["auc"] == pytest.approx(roc_auc_score(churned, value, sample_weight=weight))
    assert found["brier"] == pytest.approx(brier_score_loss(churned, value, sample_weight=weight))


def test_lift_compares_the_top_tenth_with_all_and_takes_its_part_of_equal_scores():
    # 20 customers, 4 leave: a top tenth of two; the best one leaves, the next four tie and one of them leaves
    value = [0.9] + [0.5] * 4 + [0.1] * 15
    found = _measured(value, _outcomes([1] + [1, 0, 0, 0] + [1, 1] + [0] * 13))
    assert found["lift_top_10"] == pytest.approx((1 + 0.25) / 2 / (4 / 20))


def test_calibration_error_is_the_mean_miss_of_ten_bins_and_one_belongs_to_the_last():
    found = _measured([0.05, 0.05, 0.95, 1.0], _outcomes([0, 1, 1, 1]), [0, 0, 1, 1])
    assert found["calibration_error"] == pytest.approx((abs(0.10 - 1) + abs(1.95 - 2)) / 4)


def test_lost_margin_flagged_is_of_those_who_left_by_money():
    found = _measured([0.9, 0.9, 0.1], _outcomes([1, 0, 1], [30, 1000, 70]), [1, 1, 0])
    assert found["lost_margin_flagged_share"] == 0.3


def test_where_nobody_or_everybody_left_there_is_no_rank():
    for churned in ([0, 0, 0], [1, 1, 1]):
        assert math.isnan(_measured([0.1, 0.2, 0.3], _outcomes(churned))["auc"])


def test_an_interval_is_over_customers_not_over_their_slices():
    """A hundred copies of the same ten customers are no more evidence than the ten."""
    dice = np.random.default_rng(3)
    value, churned = dice.random(10), np.arange(10) % 2 == 0
    widths = []
    for copies in (1, 100):
        outcomes = Outcomes(np.tile(churned, copies), np.ones(10 * copies), np.tile(np.arange(10), copies))
        judges = {"one": Judge(Scores(np.tile(value, copies)), outcomes)}
        figure = compare(judges, outcomes, seed=1, resamples=100)[0]["one"]["auc"]
        widths.append(figure.high - figure.low)
    assert widths[1] == pytest.approx(widths[0])


def test_a_difference_is_taken_within_each_resample():
    """Two scores that rank alike differ by nothing in every resample, however wide each one's own interval is."""
    dice = np.random.default_rng(5)
    value, churned = dice.random(60), dice.random(60) < 0.4
    outcomes = Outcomes(churned, np.ones(60), np.arange(60))
    judges = {"first": Judge(Scores(value), outcomes), "squared": Judge(Scores(value**2), outcomes)}
    own, difference = compare(judges, outcomes, seed=2, resamples=100)
    assert own["first"]["auc"].high - own["first"]["auc"].low > 0.1
    assert (difference["squared"]["auc"].low, difference["squared"]["auc"].high) == (0, 0)


def test_an_interval_leaves_as_much_out_at_either_end():
    found = _figure(50, list(range(101)), 0.9)
    assert (found.low, found.high) == (pytest.approx(5), pytest.approx(95))
