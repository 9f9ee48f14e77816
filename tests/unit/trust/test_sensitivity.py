"""The nearest flip against every step of every weight tried one after the other, on small companies of any kind."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.trust.curves import Curves, SetSums
from pipelines.trust.scores import Population, Scorer, Tree
from pipelines.trust.sensitivity import NONE, Flips, changed_weights, directions, smallest_flips
from pipelines.trust.tiering import Scheme, raw_positions

TREES = [
    Tree((((0, 1), (2,)), ((3,), (4, 5)))),
    Tree((((0, 1, 2, 3, 4),), ((5,),))),
    Tree((((0,), (1,), (2, 3)), ((4, 5),))),
]
BESTS = [
    ((2, Decimal("0.25")),),
    ((2, Decimal("0.25")), (3, Decimal("0.60"))),
    ((2, Decimal("0.3")), (3, Decimal("0.35"))),
]
POINTS = st.one_of(st.none(), st.sampled_from([0.0, 50.0, 100.0]), st.floats(0, 100).map(lambda value: round(value, 2)))
WEIGHTS = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1)), min_size=6, max_size=6).filter(
    lambda row: sum(weight > 0 for weight in row) > 1
)


@st.composite
def companies(draw) -> tuple[Population, np.ndarray, Scheme, float]:
    """Few distinct points, so that scores tie; nulls, empty groups and dimensions, weights of 0, two sets."""
    count = draw(st.integers(1, 14))
    rows = draw(st.lists(st.lists(POINTS, min_size=6, max_size=6), min_size=1, max_size=count))
    chosen = draw(st.lists(st.integers(0, len(rows) - 1), min_size=count, max_size=count))
    points = np.array([rows[one] for one in chosen], dtype=float)
    weights = np.array(draw(st.lists(WEIGHTS, min_size=2, max_size=2)))
    weights /= weights.sum(axis=1, keepdims=True)
    set_of = np.array(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), dtype=np.intp)
    is_core = np.array(draw(st.lists(st.sampled_from([False, False, True]), min_size=count, max_size=count)))
    best = draw(st.sampled_from(BESTS))
    scheme = Scheme({}, 1, 0.8, best, len(best) + 2)
    return Population(points, weights, set_of, draw(st.sampled_from(TREES))), is_core, scheme, draw(
        st.sampled_from([0.02, 0.003])
    )  # fmt: skip


def _raw(population: Population, is_core: np.ndarray, scheme: Scheme) -> np.ndarray:
    scores = Scorer(population).scores(population.weights[:, None, :])[:, 0]
    return raw_positions(scores, is_core, scheme)


def _one_by_one(population: Population, is_core: np.ndarray, scheme: Scheme, step: float) -> tuple[Flips, np.ndarray]:
    """Every step of every weight; the flips, and after how many steps."""
    scorer, raw = Scorer(population), _raw(population, is_core, scheme)
    flips, fewest = Flips.none(len(raw)), np.full(len(raw), np.inf)
    base = scorer.scores(population.weights[:, None, :])[:, 0]
    for own, weights in enumerate(population.weights):
        for way in directions(own, weights, step):
            steps = np.arange(1, way.last + 1)
            moved = np.repeat(population.weights[:, None, :], way.last, axis=1)
            moved[own] = changed_weights(weights, way.indicator, way.after(steps))
            scores = np.where((population.set_of == own)[:, None], scorer.scores(moved, only_set=own), base[:, None])
            now = np.column_stack([raw_positions(column, is_core, scheme) for column in scores.T])
            flipped = (now != raw[:, None]) & ((population.set_of == own) & ~is_core)[:, None]
            first = np.where(flipped.any(axis=1), flipped.argmax(axis=1), way.last)
            for row in np.flatnonzero(first + 1 < np.minimum(fewest, way.last + 1)):
                fewest[row] = first[row] + 1
                flips.indicator[row], flips.weight_from[row] = way.indicator, way.weight
                flips.weight_to[row] = way.after(steps)[first[row]]
                flips.position[row] = now[row, first[row]]
    return flips, fewest


@settings(max_examples=50, deadline=None)
@given(companies())
def test_of_every_step_of_every_weight_the_fewest_that_flip_are_found(company):
    population, is_core, scheme, step = company
    found = smallest_flips(Scorer(population), is_core, scheme, _raw(population, is_core, scheme), step)
    expected, _ = _one_by_one(population, is_core, scheme, step)
    assert found.indicator.tolist() == expected.indicator.tolist()
    assert found.position.tolist() == expected.position.tolist()
    flips = found.indicator != NONE
    assert found.weight_from[flips].tolist() == expected.weight_from[flips].tolist()
    assert found.weight_to[flips].tolist() == expected.weight_to[flips].tolist()


@settings(max_examples=50, deadline=None)
@given(companies(), st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_between_two_weights_a_score_stays_as_near_to_the_straight_line_as_promised(company, one, another):
    """The score's curve is the scoring rule's, and its bend is bounded."""
    population, _, _, _ = company
    begin, end = sorted((one, another))
    scorer = Scorer(population)
    base = scorer.scores(population.weights[:, None, :])[:, 0]
    rows = np.arange(len(base))
    for own, weights in enumerate(population.weights):
        moves = population.set_of == own
        for indicator in np.flatnonzero(weights < weights.sum()):
            curves = Curves.of(population, SetSums.of(population, weights), indicator, moves, base)
            levels = np.linspace(begin, end, 7)
            moved = np.repeat(population.weights[:, None, :], len(levels), axis=1)
            moved[own] = changed_weights(weights, indicator, levels)
            scores = scorer.scores(moved, only_set=own)
            t = curves.moved_to(levels)
            found = np.column_stack([curves.at(rows, here) for here in t])
            assert np.allclose(found[moves], scores[moves], rtol=0, atol=1e-8)
            assert (found[~moves] == base[~moves, None]).all()
            if end > begin:
                part = (t - t[0]) / (t[-1] - t[0])
                line = found[:, :1] + (found[:, -1:] - found[:, :1]) * part
                bend = curves.bend(rows, np.full(len(rows), t[0]), np.full(len(rows), t[-1]))
                assert (np.abs(found - line) <= bend[:, None] + 1e-9).all()


def test_a_tier_that_changes_and_changes_back_between_two_far_weights_is_found():
    """Two customers that bend the other way pass each other twice: in the middle only the second is the best."""
    tree = Tree((((0, 1), (2,)), ((3,),)))
    weights = np.array([[0.02, 0.2, 0.4, 0.38]])
    dice = np.random.default_rng(7)
    points = np.where(dice.uniform(size=(400, 4)) < 0.25, np.nan, dice.uniform(0, 100, (400, 4)))
    population = Population(points, weights, np.zeros(400, dtype=np.intp), tree)
    scheme = Scheme({}, 1, 0.8, ((2, Decimal("0.25")),), 3)
    is_core = np.zeros(400, dtype=bool)
    scorer, raw = Scorer(population), _raw(population, is_core, scheme)
    levels = np.linspace(0.02, 0.5, 481)
    scores = scorer.scores(changed_weights(weights[0], 0, levels)[None])
    now = np.column_stack([raw_positions(column, is_core, scheme) for column in scores.T])
    back = (now[:, -1] == raw) & (now != raw[:, None]).any(axis=1)
    assert back.sum() > 3
    flips = smallest_flips(scorer, is_core, scheme, raw)
    reached = levels[(now != raw[:, None]).argmax(axis=1)] - 0.02
    assert (np.abs(flips.weight_to - flips.weight_from)[back] <= reached[back] + 1e-9).all()
