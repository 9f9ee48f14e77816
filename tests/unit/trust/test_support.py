"""Support and nearest flips against the reference, one customer at a time, on small nasty companies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from pipelines.trust.scores import Population, Scorer, Tree
from pipelines.trust.sensitivity import NONE, STEP, changed_weights, smallest_flips
from pipelines.trust.support import DRAWS, LINE_SPREAD, MARGIN_PART, SEED, WEIGHT_FACTOR, tier_support
from pipelines.trust.tiering import Contributions, Scheme, core_members, raw_positions
from tests.integration.method.nights import given_calibration, parameters_for
from tests.reference import night as reference
from tests.reference import scoring, tiers
from tests.reference.calibration import INDICATORS
from tests.reference.companies import AS_OF_DATES, make_company
from tests.reference.parameters import Company, Parameters
from tests.reference.special_companies import SPECIAL

CODES = sorted(INDICATORS)
SCHEMES = {
    "three_tier": Scheme({1: "core", 2: "important", 3: "general"}, 1, 0.8, ((2, Decimal("0.25")),), 3),
    "four_tier": Scheme(
        {1: "core", 2: "important", 3: "value", 4: "general"}, 1, 0.8,
        ((2, Decimal("0.25")), (3, Decimal("0.60"))), 4,
    ),
}  # fmt: skip
ZERO = Fraction(0)


def _tree() -> Tree:
    found: dict[str, dict[str, list[int]]] = {}
    for position, code in enumerate(CODES):
        found.setdefault(INDICATORS[code].dimension, {}).setdefault(INDICATORS[code].group, []).append(position)
    return Tree(tuple(tuple(tuple(group) for group in groups.values()) for groups in found.values()))


@dataclass(frozen=True)
class Case:
    """A company's night, as the reference has it and as arrays."""

    night: reference.Night
    customers: list[str]
    scorer: Scorer
    shares: Contributions
    scheme: Scheme
    raw: np.ndarray


def _case(company: Company, parameters: Parameters, seed: int) -> Case:
    measured = reference.measure(company, parameters)
    night = reference.evaluate(measured, given_calibration(seed, measured))
    customers = sorted(night.scores, key=lambda name: name.encode())
    points = np.array([[night.scores[name].points.get(code, np.nan) for code in CODES] for name in customers])
    weights = np.array([[night.calibration.weights[code] for code in CODES]])
    scheme = SCHEMES[parameters.tier_scheme]
    position = {name: number for number, name in scheme.names.items()}
    cores = [night.core[name] for name in customers]
    total = sum((max(ZERO, one.margin_share) for one in cores), ZERO)
    loses = [measured.values[name]["C01"] is not None and measured.values[name]["C01"] <= 0 for name in customers]
    may_be_core = [night.basis == "volume_only" or (total > 0 and not loss) for loss in loses]
    return Case(
        night,
        customers,
        Scorer(Population(points, weights, np.zeros(len(customers), dtype=np.intp), _tree())),
        Contributions(
            np.array([float(one.margin_share) for one in cores]),
            np.array([float(one.volume_share) for one in cores]),
            np.array(may_be_core, dtype=bool),
        ),
        scheme,
        np.array([position[night.tiers[name].tier_raw] for name in customers]),
    )


CASES = [("random", seed) for seed in range(8)] + [(name, 1) for name in SPECIAL]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request) -> Case:
    name, seed = request.param
    as_of = AS_OF_DATES[seed % len(AS_OF_DATES)]
    if name == "random":
        return _case(make_company(seed, as_of), parameters_for(seed, as_of), seed)
    return _case(SPECIAL[name](as_of), Parameters(as_of), seed)


def _reference_positions(case: Case, weights: Sequence[float], part: Fraction, line: Fraction) -> np.ndarray:
    """The raw tiers under other weights, another margin's part and another line; exact but for the scores."""
    calibration = replace(case.night.calibration, weights=dict(zip(CODES, weights, strict=True)))
    values = case.night.measured.values
    best_first = scoring.best_first({name: scoring.score(values[name], calibration) for name in case.customers})
    core = case.night.core
    wholes = [any(getattr(one, share) for one in core.values()) for share in ("margin_share", "volume_share")]
    before, found = [ZERO, ZERO], {}
    worth = dict(zip(case.customers, case.shares.may_be_core, strict=True))
    key = {name: part * core[name].margin_share + (1 - part) * core[name].volume_share for name in case.customers}
    for name in sorted(case.customers, key=lambda one: (-key[one], one.encode())):
        reached = [share for share, is_there in zip(before, wholes, strict=True) if is_there]
        found[name] = replace(core[name], is_core=bool(worth[name]) and any(share < line for share in reached))
        before = [before[0] + core[name].margin_share, before[1] + core[name].volume_share]
    raw = tiers.raw_tiers(found, best_first, case.night.measured.facts.parameters.tier_scheme)
    position = {name: number for number, name in case.scheme.names.items()}
    return np.array([position[raw[name]] for name in case.customers])


def _positions(case: Case, weights: np.ndarray, part: float = 0.5, line: float = 0.8) -> np.ndarray:
    scores = case.scorer.scores(weights[None, None, :])[:, 0]
    return raw_positions(scores, core_members(case.shares, part, line), case.scheme)


def test_without_perturbation_the_rule_gives_the_raw_tiers(case):
    assert _positions(case, case.scorer.population.weights[0]).tolist() == case.raw.tolist()


def test_support_is_the_share_of_the_seeded_draws_that_keep_the_tier(case):
    """The draws are made again from the documented seed, in the documented order, and judged by the reference."""
    draws = 12
    dice = np.random.Generator(np.random.PCG64(SEED))
    factors = dice.uniform(*WEIGHT_FACTOR, size=(draws, len(CODES)))
    parts = dice.uniform(*MARGIN_PART, size=draws)
    lines = dice.uniform(0.8 - LINE_SPREAD, 0.8 + LINE_SPREAD, size=draws)
    kept = np.zeros(len(case.raw))
    for number in range(draws):
        weights = case.scorer.population.weights[0] * factors[number]
        drawn = _reference_positions(case, weights / weights.sum(), Fraction(parts[number]), Fraction(lines[number]))
        kept += drawn == case.raw
    support = tier_support(case.scorer, case.shares, case.scheme, case.raw, draws)
    assert support.tolist() == pytest.approx((kept / draws).tolist())


def test_the_same_draws_every_time_and_as_many_as_the_method_says(case):
    first = tier_support(case.scorer, case.shares, case.scheme, case.raw)
    assert (first == tier_support(case.scorer, case.shares, case.scheme, case.raw)).all()
    assert np.allclose(first * DRAWS, np.round(first * DRAWS))
    assert ((first >= 0) & (first <= 1)).all()


def test_a_reported_flip_changes_the_tier_and_no_smaller_change_does(case):
    """The reference tiers under the reported weight; no weight moved by less, be it by a millionth, changes a tier."""
    weights = case.scorer.population.weights[0]
    is_core = core_members(case.shares, 0.5, 0.8)
    flips = smallest_flips(case.scorer, is_core, case.scheme, case.raw)
    assert (flips.indicator[is_core] == NONE).all()
    found = np.flatnonzero(flips.indicator != NONE)
    for row in found[:: max(1, len(found) // 4)]:
        indicator, level = flips.indicator[row], flips.weight_to[row]
        assert flips.weight_from[row] == weights[indicator]
        there = _reference_positions(
            case, changed_weights(weights, indicator, np.array([level]))[0], Fraction(1, 2), Fraction(4, 5)
        )
        assert there[row] == flips.position[row] != case.raw[row]
        steps = np.ceil(round(abs(level - weights[indicator]) / STEP, 6)) - 1
        changes = np.unique(np.ceil(np.linspace(0.1, 1, 5) * steps)) * STEP
        for other, weight in enumerate(weights):
            nearer = np.concatenate([weight - changes, weight + changes])
            nearer = nearer[(nearer != weight) & (nearer >= 0) & (nearer <= 0.5)]
            scores = case.scorer.scores(changed_weights(weights, other, nearer)[None])
            moved = np.array([raw_positions(column, is_core, case.scheme)[row] for column in scores.T])
            assert (moved == case.raw[row]).all(), (case.customers[row], CODES[other], weight, nearer)


def test_each_set_of_weights_tiers_its_own_customers_in_one_company():
    """A trader's indicator weighs nothing for an end user: only customers of a set move with it."""
    dice = np.random.default_rng(5)
    points, tree = dice.uniform(0, 100, (12, 3)), Tree((((0, 1),), ((2,),)))
    weights, set_of = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]), np.arange(12) % 2
    scorer = Scorer(Population(points, weights, set_of, tree))
    scores = scorer.scores(weights[:, None, :])[:, 0]
    assert scores.tolist() == pytest.approx((points * weights[set_of]).sum(axis=1).tolist())
    is_core = np.zeros(12, dtype=bool)
    raw = raw_positions(scores, is_core, SCHEMES["three_tier"])
    flips = smallest_flips(scorer, is_core, SCHEMES["three_tier"], raw)
    found = np.flatnonzero(flips.indicator != NONE)
    assert len(found) > 4
    assert (flips.weight_from[found] == weights[set_of[found], flips.indicator[found]]).all()
