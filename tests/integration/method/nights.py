"""What a night is given besides the company: settings, a calibration, the night before, overrides; seeded and odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.reference.calibration import INDICATORS, Calibration, ReferencePoints
from tests.reference.night import Measured, Night, first_calibration
from tests.reference.parameters import Parameters
from tests.reference.pyramid import members
from tests.reference.scopes import Scope
from tests.reference.scoring import Score, score
from tests.reference.tiers import Override, Previous

TIERS = ("core", "important", "general")


def parameters_for(seed: int, as_of: date) -> Parameters:
    """The defaults for every other seed, other settings for the rest."""
    if seed % 2 == 0:
        return Parameters(as_of)
    dice = Random(seed)
    return Parameters(
        as_of,
        active_window_months=dice.choice((6, 18, 24, 36)),
        capital_cost_rate=Fraction(dice.randint(1, 20), 200),
        tier_scheme=dice.choice(("three_tier", "four_tier")),
        churn_horizon_days=dice.choice((90, 180)),
        churn_high_odds=Fraction(3),
        churn_medium_odds=Fraction(3, 2),
    )


def random_weights(dice: Random) -> dict[str, float]:
    """Nominal weights that sum to 1; now and then an indicator or a whole group weighs nothing."""
    groups = sorted({indicator.group for indicator in INDICATORS.values()})
    weightless = {group for group in groups if dice.random() < 0.05}
    drawn = {
        code: 0.0 if indicator.group in weightless or dice.random() < 0.05 else dice.uniform(0.1, 1)
        for code, indicator in INDICATORS.items()
    }
    return {code: weight / sum(drawn.values()) for code, weight in drawn.items()}


def _other_population(dice: Random, reference: ReferencePoints) -> ReferencePoints:
    """Reference points that were not made from these customers: narrower, shifted, one value, nobody's."""
    if reference.lo is None or reference.hi is None:
        return reference
    middle = (reference.lo + reference.hi) / 2
    way = dice.randrange(6)
    if way == 0:
        return replace(reference, lo=None, hi=None)
    if way == 1:
        return replace(reference, hi=reference.lo)
    if way == 2:
        return replace(reference, lo=middle)
    if way == 3:
        return replace(reference, lo=reference.lo - 1, hi=middle)
    return reference


def given_calibration(seed: int, measured: Measured) -> Calibration:
    """A frozen calibration: random weights, some reference points of another population."""
    dice = Random(seed)
    calibration = first_calibration(measured, random_weights(dice))
    references = {code: _other_population(dice, points) for code, points in calibration.references.items()}
    return replace(calibration, references=references, median_current=dice.uniform(30, 60), median_potential=40.0)


def given_scores_before(seed: int, measured: Measured, calibration: Calibration) -> dict[str, Score]:
    """Scores of a day before: some customers were not there, others are not any more, values came, went and moved."""
    dice = Random(seed + 2)

    def earlier(value: Fraction | float | None) -> Fraction | float | None:
        if dice.random() < 0.1:
            return None if value is not None else Fraction(dice.randint(-5, 50), 7)
        if value is None or dice.random() < 0.6:
            return value
        return (
            value * Fraction(dice.randint(1, 20), 10) if isinstance(value, Fraction) else value * dice.uniform(0.1, 2)
        )

    before = {
        customer: score({code: earlier(value) for code, value in values.items()}, calibration)
        for customer, values in sorted(measured.values.items())
        if dice.random() < 0.9
    }
    if measured.values and dice.random() < 0.5:
        values = dice.choice([measured.values[customer] for customer in sorted(measured.values)])
        before["gone since"] = score(values, calibration)
    return before


def given_before(seed: int, measured: Measured) -> tuple[Mapping[str, Previous], list[Override]]:
    """Random tiers of the day before (some customers are new), and overrides that begin, hold, end and are over."""
    dice = Random(seed + 1)
    as_of = measured.facts.as_of
    before, overrides = {}, []
    for customer in sorted(measured.facts.customers):
        if dice.random() < 0.8:
            since = as_of - timedelta(days=dice.randint(1, 400))
            before[customer] = Previous(dice.choice(TIERS), dice.choice(TIERS), since)
        # two and three that overlap or begin on the same day, entered in any order
        for number in range(dice.choice((0, 0, 0, 0, 1, 2, 3))):
            begun, ended = dice.choice(((-30, -1), (-30, 0), (-30, 30), (0, 0), (0, 30), (1, 30)))
            dates = (as_of + timedelta(days=begun), as_of + timedelta(days=ended))
            overrides.append(Override(customer, dice.choice(TIERS), f"reason {number} for {customer}", *dates))
    return before, overrides


def given_scopes_before(seed: int, night: Night) -> dict[Scope, dict[str, str]]:
    """Random tiers of the day before in departments and books; some customers were in other ones."""
    dice = Random(seed + 2)
    before: dict[Scope, dict[str, str]] = {}
    for scope, customers in sorted(members(night).items()):
        if scope[0] != "company":
            before[scope] = {customer: dice.choice(TIERS) for customer in sorted(customers) if dice.random() < 0.8}
            before[scope]["moved away"] = "core"
    return before
