"""How the table of cells would have done: every closed slice predicted from the slices closed before it. Exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor, sqrt

from tests.reference import tiers
from tests.reference.churn import Slices, level_of, orders_of
from tests.reference.facts import ZERO, Facts, margin, volume
from tests.reference.parameters import Row, Window, months_before

Z = 1.959963984540054
BINS = 10
LEVELS = ("high", "medium", "low", "all")
GROUPS = ("all", "core", "important")


@dataclass(frozen=True)
class Predicted:
    """One customer at one closed slice: what was said of it then, and what came of it."""

    at: date
    customer: str
    group: str
    probability: Fraction
    silent_days: Fraction
    level: str
    is_churned: bool
    margin: Fraction


def groups_at(facts: Facts, at: date) -> dict[str, tuple[str, Fraction]]:
    """Tier by contribution, and margin in the 12 months before, of the customers active at a date."""
    year = Window(months_before(at, 12), at)
    active_window = Window(months_before(at, facts.parameters.active_window_months), at)
    active = {}
    for customer in facts.customers:
        # the active window of who ordered in 12 months is at least these
        if facts.lines_in(customer, active_window) or facts.lines_in(customer, year):
            lines = facts.lines_in(customer, year)
            active[customer] = tiers.Contribution(margin(lines), volume(lines))
    core = tiers.core_of(active)
    others = [name for name, one in core.items() if not one.is_core]
    important = others[: tiers.rounded_up(tiers.IMPORTANT_SHARE, len(others))]
    taken = tiers.taken_margins(active, tiers.basis_of(active))
    found = {}
    for name, one in core.items():
        group = "core" if one.is_core else "important" if name in important else "general"
        by_volume = tiers.basis_of(active) == "volume_only"
        found[name] = (group, active[name].volume if by_volume else max(ZERO, taken[name]))
    return found


def predictions(facts: Facts) -> list[Predicted]:
    """All recorded slices; nothing of a slice whose base was too small then."""
    parameters = facts.parameters
    slices = Slices(orders_of(facts), parameters)
    found = []
    for at in slices.dates():
        cells = slices.cells(known_on=at)
        if not cells.is_enough:
            continue
        groups, one = groups_at(facts, at), slices.at(at)
        for customer, features in one.features.items():
            probability = cells.probability(features)
            level = level_of(probability, cells.base_rate, parameters)
            group, brought = groups[customer]
            churned = customer not in one.ordered
            found.append(Predicted(at, customer, group, probability, features.silence, level, churned, brought))
    return found


def auc(scored: Sequence[tuple[Fraction, bool]]) -> Fraction | None:
    """Share of the pairs of a churned and a staying one in which the churned one has more; ties count half."""
    churned = [score for score, is_churned in scored if is_churned]
    stayed = [score for score, is_churned in scored if not is_churned]
    if not churned or not stayed:
        return None
    won = sum((Fraction(sum(2 * (one > other) + (one == other) for other in stayed), 2) for one in churned), ZERO)
    return won / (len(churned) * len(stayed))


def lift(scored: Sequence[tuple[Fraction, bool]], share: Fraction = Fraction(1, 10)) -> Fraction | None:
    """Churn rate of the top share over that of all; of equal scores at its edge the part that completes it."""
    base = Fraction(sum(churned for _, churned in scored), len(scored)) if scored else ZERO
    if not base:
        return None
    wanted = share * len(scored)
    left, churned = wanted, ZERO
    for score in sorted({score for score, _ in scored}, reverse=True):
        equal = [is_churned for other, is_churned in scored if other == score]
        taken = min(left, Fraction(len(equal)))
        churned += taken * Fraction(sum(equal), len(equal))
        left -= taken
    return churned / wanted / base


def calibration_error(scored: Sequence[tuple[Fraction, bool]]) -> Fraction | None:
    """Mean distance of predicted and observed rate over ten bins of equal width, weighted by their size."""
    bins: dict[int, list[Fraction]] = {}
    for score, churned in scored:
        bins.setdefault(min(floor(score * BINS), BINS - 1), []).append(score - churned)
    return sum((abs(sum(ones, ZERO)) for ones in bins.values()), ZERO) / len(scored) if scored else None


def wilson(churned: int, flagged: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a rate."""
    if not flagged:
        return None, None
    rate, spread = churned / flagged, Z * Z / flagged
    half = sqrt(spread * (rate * (1 - rate) + spread / 4))
    return (rate + spread / 2 - half) / (1 + spread), (rate + spread / 2 + half) / (1 + spread)


def _row(of_group: list[Predicted], level: str, slices: int) -> Row:
    flagged = [one for one in of_group if level in ("all", one.level)]
    churned = [one for one in flagged if one.is_churned]
    lost = sum((one.margin for one in of_group if one.is_churned), ZERO)
    warned = [one for one in churned if level != "all" or one.level != "low"]
    scored = [(one.probability, one.is_churned) for one in of_group]
    low, high = wilson(len(churned), len(flagged))
    of_all = level == "all"
    return {
        "slices": slices,
        "flagged": len(flagged),
        "churned": len(churned),
        "churn_rate": Fraction(len(churned), len(flagged)) if flagged else None,
        "churn_rate_low": low,
        "churn_rate_high": high,
        "auc": auc(scored) if of_all else None,
        "auc_recency": auc([(one.silent_days, one.is_churned) for one in of_group]) if of_all else None,
        "lift_top_10": lift(scored) if of_all else None,
        "calibration_error": calibration_error(scored) if of_all else None,
        "lost_margin_flagged_share": sum((one.margin for one in warned), ZERO) / lost if lost else None,
        "flagged_customers": len({one.customer for one in flagged}),
        "churned_customers": len({one.customer for one in churned}),
        "churn_model_version": "cells",
    }


def track_record(facts: Facts) -> dict[tuple[str, str], Row]:
    """Level and tier group -> the published columns."""
    found = predictions(facts)
    slices = len({one.at for one in found})
    return {
        (level, group): _row([one for one in found if group in ("all", one.group)], level, slices)
        for group in GROUPS
        for level in LEVELS
    }
