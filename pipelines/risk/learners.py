"""The two models that challenge the table of cells, and their artefacts: plain numbers that score without scikit-learn.

An artefact is JSON. Scoring from it needs NumPy only, so that a night can be scored again with the model it was scored
with, whatever libraries are installed by then; training checks that both ways of scoring agree before it keeps one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOGISTIC, BOOSTING = "logistic_regression", "gradient_boosting"
KINDS = (LOGISTIC, BOOSTING)
SEED = 20260630
# values beyond so many standard deviations say no more than these
CLIP = 5.0
AGREEMENT = 1e-9
# digits of a number that is an index: more are a double's
LONGEST_WHOLE = 16


class ArtefactError(Exception):
    """An artefact is not what it should be; nothing was scored with it."""


def fit(kind: str, features: Floats, churned: NDArray[np.bool_]) -> dict[str, Any]:
    """Train one model and return its artefact.

    Args:
        kind: one of KINDS.
        features: (customer-slices, features), NaN where unknown.
        churned: (customer-slices,).

    Raises:
        ArtefactError: the artefact does not score as the trained model does.
    """
    from threadpoolctl import threadpool_limits

    # one thread: sums of floats come out the same on every machine with the same libraries
    with threadpool_limits(limits=1):
        return _fit_logistic(features, churned) if kind == LOGISTIC else _fit_boosting(features, churned)


def score(artefact: dict[str, Any], features: Floats) -> Floats:
    """The probability of no order inside the horizon, (customers,), from a model's artefact."""
    if artefact["kind"] == LOGISTIC:
        raw = _standardised(artefact, features) @ np.array(artefact["weights"]) + artefact["intercept"]
    else:
        raw = np.full(len(features), float(artefact["baseline"]))
        for tree in artefact["trees"]:
            raw += _grown(tree, features)
    return np.asarray(1.0 / (1.0 + np.exp(-raw)))


def fingerprint(artefact: dict[str, Any]) -> str:
    """SHA-256 of the artefact's canonical JSON, the same before and after PostgreSQL has kept it."""
    same = json.loads(json.dumps(artefact), parse_int=_whole)
    return hashlib.sha256(json.dumps(same, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _whole(digits: str) -> int | float:
    """`jsonb` writes a double from 1e16 on, such as a cut at infinity, as digits without a point."""
    return int(digits) if len(digits) <= LONGEST_WHOLE else float(digits)


def _standardised(artefact: dict[str, Any], features: Floats) -> Floats:
    unknown = np.isnan(features)
    filled = np.where(unknown, np.array(artefact["medians"]), features)
    standard = np.clip((filled - np.array(artefact["means"])) / np.array(artefact["deviations"]), -CLIP, CLIP)
    # whether a feature is unknown may say something by itself
    return np.hstack([standard, unknown[:, artefact["sometimes_unknown"]].astype(np.float64)])


def _fit_logistic(features: Floats, churned: NDArray[np.bool_]) -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression

    unknown = np.isnan(features)
    known_anywhere = ~unknown.all(axis=0)
    medians = np.zeros(features.shape[1])
    medians[known_anywhere] = np.nanmedian(features[:, known_anywhere], axis=0)
    filled = np.where(unknown, medians, features)
    deviations = filled.std(axis=0)
    artefact: dict[str, Any] = {
        "kind": LOGISTIC,
        "medians": medians.tolist(),
        "means": filled.mean(axis=0).tolist(),
        "deviations": np.where(deviations > 0, deviations, 1.0).tolist(),
        "sometimes_unknown": np.flatnonzero(unknown.any(axis=0) & known_anywhere).tolist(),
    }
    inputs = _standardised(artefact, features)
    model = LogisticRegression(C=0.1, solver="newton-cholesky", max_iter=200).fit(inputs, churned)
    artefact |= {"weights": model.coef_[0].tolist(), "intercept": float(model.intercept_[0])}
    return _agreeing(artefact, features, model.predict_proba(inputs)[:, 1])


def _fit_boosting(features: Floats, churned: NDArray[np.bool_]) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=120, max_leaf_nodes=15, min_samples_leaf=max(20, len(churned) // 200),
        l2_regularization=1.0, early_stopping=False, random_state=SEED,
    )  # fmt: skip
    # a feature that nobody has is the same for everybody
    inputs = np.where(np.isnan(features).all(axis=0), 0.0, features)
    model.fit(inputs, churned)
    artefact = {
        "kind": BOOSTING,
        "baseline": float(np.ravel(model._baseline_prediction)[0]),
        "trees": [_tree(stage[0].nodes) for stage in model._predictors],
    }
    return _agreeing(artefact, features, model.predict_proba(inputs)[:, 1])


def _tree(nodes: Any) -> dict[str, list[Any]]:
    """One tree as columns, a node each: leaves have their value, the others a feature, a cut and two children."""
    return {
        "value": nodes["value"].tolist(),
        "is_leaf": nodes["is_leaf"].astype(bool).tolist(),
        "feature": nodes["feature_idx"].tolist(),
        # a cut at infinity parts the known from the unknown
        "cut": [min(float(cut), float(np.finfo(np.float64).max)) for cut in nodes["num_threshold"]],
        "unknown_left": nodes["missing_go_to_left"].astype(bool).tolist(),
        "left": nodes["left"].tolist(),
        "right": nodes["right"].tolist(),
    }


def _grown(tree: dict[str, list[Any]], features: Floats) -> Floats:
    is_leaf, feature = np.array(tree["is_leaf"]), np.array(tree["feature"])
    cut = np.array(tree["cut"], dtype=np.float64)
    unknown_left, left, right = np.array(tree["unknown_left"]), np.array(tree["left"]), np.array(tree["right"])
    node, rows = np.zeros(len(features), dtype=np.int64), np.arange(len(features))
    moving = rows[~is_leaf[node]]
    while len(moving):
        here = node[moving]
        values = features[moving, feature[here]]
        goes_left = np.where(np.isnan(values), unknown_left[here], values <= cut[here])
        node[moving] = np.where(goes_left, left[here], right[here])
        moving = moving[~is_leaf[node[moving]]]
    return np.asarray(np.array(tree["value"])[node])


def _agreeing(artefact: dict[str, Any], features: Floats, expected: Floats) -> dict[str, Any]:
    """The artefact as it comes back from JSON, if it scores what the trained model does."""
    kept: dict[str, Any] = json.loads(json.dumps(artefact))
    gap = float(np.max(np.abs(score(kept, features) - expected), initial=0.0))
    if gap > AGREEMENT:
        raise ArtefactError(f"the {artefact['kind']} artefact scores up to {gap:.2e} away from its model: not kept")
    return kept
