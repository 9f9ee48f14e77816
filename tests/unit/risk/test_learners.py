"""Artefacts score what the trained model does, also where features are unknown or beyond what was seen."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.risk.learners import BOOSTING, KINDS, LOGISTIC, fingerprint, fit, score


def _learnt(seed: int = 1, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(count, 4))
    features[dice.random(count) < 0.2, 2] = np.nan
    features[:, 3] = np.nan
    churned = dice.random(count) < 1 / (1 + np.exp(-2 * features[:, 0]))
    return features, churned


@pytest.mark.parametrize("kind", KINDS)
def test_an_artefact_survives_json_and_scores_unknown_and_extreme_values(kind):
    features, churned = _learnt()
    artefact = fit(kind, features, churned)
    kept = json.loads(json.dumps(artefact))
    assert fingerprint(kept) == fingerprint(artefact)
    strange = np.array([[np.nan] * 4, [1e9] * 4, [-1e9] * 4])
    found = score(kept, strange)
    assert np.isfinite(found).all()
    assert found[1] > 0.8 > 0.2 > found[2]
    assert np.array_equal(score(kept, features), score(artefact, features))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_slices_give_the_same_artefact_and_others_another(kind):
    prints = {fingerprint(fit(kind, *_learnt(seed))) for seed in (1, 1, 2)}
    assert len(prints) == 2


def test_boosting_goes_where_the_trained_trees_go():
    """Scored by scikit-learn itself on rows that were not learnt from, unknown values among them."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    features, churned = _learnt()
    others, _ = _learnt(9)
    inputs = [np.where(np.isnan(one).all(axis=0), 0.0, one) for one in (features, others)]
    artefact = fit(BOOSTING, features, churned)
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=120, max_leaf_nodes=15, min_samples_leaf=20, l2_regularization=1.0,
        early_stopping=False, random_state=20260630,
    ).fit(inputs[0], churned)  # fmt: skip
    assert score(artefact, others) == pytest.approx(model.predict_proba(inputs[1])[:, 1], abs=1e-12)


def test_whether_a_feature_is_unknown_may_weigh_by_itself_but_not_where_nobody_has_it():
    artefact = fit(LOGISTIC, *_learnt())
    assert artefact["sometimes_unknown"] == [2]
