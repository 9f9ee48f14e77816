"""Everything that a night publishes about a company, evaluated by the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.reference import churn, reasons, scoring, tiers
from tests.reference.calibration import Calibration
from tests.reference.current_value import CURRENT
from tests.reference.facts import Facts, revenue
from tests.reference.parameters import Company, Parameters
from tests.reference.potential_value import POTENTIAL
from tests.reference.staging import Staged, stage

FORMULAS = CURRENT | POTENTIAL


@dataclass(frozen=True)
class Measured:
    """What holds before any weight: rows, facts, indicators and churn."""

    staged: Staged
    facts: Facts
    values: Mapping[str, scoring.Values]
    """Active customer -> indicator id -> value."""
    churn: Mapping[str, churn.Churn]
    signals: Mapping[tuple[str, str, str], reasons.Signal]
    """Active customer, reason code and clause."""
    reasons: Mapping[str, list[tuple[str, Fraction]]]
    """Flagged customer -> its reasons and their strengths, strongest first."""


@dataclass(frozen=True)
class Night:
    """A night's results; dictionaries by customer id, the active ones where not said otherwise."""

    measured: Measured
    calibration: Calibration
    scores: Mapping[str, scoring.Score]
    ranks: Mapping[str, Mapping[str, int]]
    """Published column -> customer -> rank."""
    quadrants: Mapping[str, str]
    lifecycle: Mapping[str, str]
    """Of all customers."""
    basis: str
    core: Mapping[str, tiers.Core]
    tiers: Mapping[str, tiers.Tier]
    """Of all customers."""


def measure(company: Company, parameters: Parameters) -> Measured:
    """The thirty indicators of every active customer, and everybody's churn risk with its reasons."""
    staged = stage(company, parameters)
    if staged.missing_rates:
        raise ValueError(f"exchange rates are missing: {sorted(staged.missing_rates)}")
    facts = Facts(staged, parameters)
    values = {
        customer: {code: formula(facts, customer) for code, formula in FORMULAS.items()}
        for customer in facts.customers
        if facts.is_active(customer)
    }
    risks, signals = churn.churn_of(facts), reasons.signals_of(facts)
    return Measured(staged, facts, values, risks, signals, reasons.reasons_of(signals, risks))


def _ranks(facts: Facts, scores: Mapping[str, scoring.Score]) -> dict[str, dict[str, int]]:
    def column(name: str) -> dict[str, int]:
        return scoring.ranks(scores, lambda customer: facts.customers[customer].get(name))

    return {
        "company_rank": scoring.ranks(scores, lambda _: "company"),
        "segment_rank": column("industry"),
        "department_rank": column("sales_department"),
        "salesperson_rank": scoring.ranks(scores, facts.salesperson_id),
    }


def _lifecycle(measured: Measured) -> dict[str, str]:
    facts = measured.facts
    found = {}
    for customer in facts.customers:
        first = facts.first_line_on(customer)
        growth = measured.values[customer]["P01"] if customer in measured.values else None
        assert growth is None or isinstance(growth, Fraction)
        is_new = first in facts.in_12m
        found[customer] = scoring.lifecycle_stage(first is not None, customer in measured.values, is_new, growth)
    return found


def contributions(measured: Measured) -> dict[str, tiers.Contribution]:
    """C01 and C05 of the active customers."""
    found = {}
    for customer, values in measured.values.items():
        margin, volume = values["C01"], values["C05"]
        assert not isinstance(margin, float) and isinstance(volume, Fraction)
        found[customer] = tiers.Contribution(margin, volume)
    return found


def evaluate(
    measured: Measured,
    calibration: Calibration,
    before: Mapping[str, tiers.Previous] | None = None,
    overrides: Sequence[tiers.Override] = (),
    own_weights: Mapping[str, Mapping[str, float]] | None = None,
) -> Night:
    """The night under a calibration, after the tiers of the evaluated day before.

    `own_weights`: customer -> the nominal weights of its kind, where these are not the calibration's own.
    """
    facts, previous = measured.facts, before or {}
    weights = own_weights or {}
    scores = {
        customer: scoring.score(values, replace(calibration, weights=weights.get(customer, calibration.weights)))
        for customer, values in measured.values.items()
    }
    best_first = scoring.best_first(scores)
    active = contributions(measured)
    core = tiers.core_of(active)
    raw = tiers.raw_tiers(core, best_first, facts.parameters.tier_scheme)
    computed = tiers.computed_tiers(raw, core, best_first, previous)
    return Night(
        measured=measured,
        calibration=calibration,
        scores=scores,
        ranks=_ranks(facts, scores),
        quadrants={customer: scoring.quadrant(one, calibration) for customer, one in scores.items()},
        lifecycle=_lifecycle(measured),
        basis=tiers.basis_of(active),
        core=core,
        tiers=tiers.published_tiers(facts.as_of, facts.customers, raw, computed, previous, overrides),
    )


def first_calibration(measured: Measured, weights: Mapping[str, float]) -> Calibration:
    """Version 1: this night's population under given nominal weights."""
    return scoring.calibrate(measured.values.values(), weights)


def revenue_12m(facts: Facts, customer: str) -> Fraction:
    """Also of customers that are not active."""
    return revenue(facts.lines_in(customer, facts.in_12m))
