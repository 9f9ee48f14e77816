"""Core from contribution, the rest from scores; hysteresis, overrides, the other readings of core. Exact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.reference.facts import ZERO

CORE_LINE = Fraction(80, 100)
CORE_GRACE_LINE = Fraction(85, 100)
IMPORTANT_SHARE = Fraction(25, 100)
IMPORTANT_GRACE_SHARE = Fraction(30, 100)
TOP_SHARE = Fraction(20, 100)
BEST_FIRST = ("core", "important", "value", "general")
SHARE_TIERS = {
    "three_tier": (("important", IMPORTANT_SHARE),),
    "four_tier": (("important", IMPORTANT_SHARE), ("value", Fraction(60, 100))),
}
LAST_TIER = "general"


@dataclass(frozen=True)
class Contribution:
    """What an active customer brings in 12m: C01 (None: costs mostly unknown) and C05."""

    margin: Fraction | None
    volume: Fraction


@dataclass(frozen=True)
class Previous:
    """The tiers of the evaluated day before."""

    tier: str
    tier_computed: str
    tier_since_on: date


@dataclass(frozen=True)
class Override:
    """A person's setting; it holds from `starts_on` to `expires_on`, both included."""

    customer_id: str
    tier: str
    reason: str
    starts_on: date
    expires_on: date


@dataclass(frozen=True)
class Core:
    """The contribution side of one active customer; accumulated shares include its own."""

    margin_share: Fraction
    volume_share: Fraction
    cumulative_margin_share: Fraction
    cumulative_volume_share: Fraction
    is_margin_imputed: bool
    is_core: bool
    is_core_in_grace: bool
    is_core_by_intersection: bool
    is_core_by_top_20: bool


@dataclass(frozen=True)
class Tier:
    """One customer's tiers as published."""

    tier_raw: str
    tier_computed: str
    tier: str
    previous_tier: str | None
    tier_since_on: date
    tier_movement: str
    override_reason: str | None
    override_expires_on: date | None


def rounded_up(share: Fraction, count: int) -> int:
    return math.ceil(share * count)


def basis_of(active: Mapping[str, Contribution]) -> str:
    """What the core rule rests on."""
    if not any(one.volume for one in active.values()):
        return "margin_only"
    if all(one.margin is None for one in active.values() if one.volume):
        return "volume_only"
    return "margin_and_volume"


def taken_margins(active: Mapping[str, Contribution], basis: str) -> dict[str, Fraction]:
    """Signed margin by customer, an unknown one taken at the known ones' positive margin a unit of volume."""
    if basis == "volume_only":
        return dict.fromkeys(active, ZERO)
    known = [one for one in active.values() if one.margin is not None]
    positive = sum((max(ZERO, one.margin) for one in known if one.margin is not None), ZERO)
    bought = sum((one.volume for one in known), ZERO)
    rate = positive / bought if bought else ZERO
    return {name: one.volume * rate if one.margin is None else one.margin for name, one in active.items()}


def _share(part: Fraction, whole: Fraction) -> Fraction:
    return part / whole if whole else ZERO


def _leading(amounts: Mapping[str, Fraction]) -> set[str]:
    """The customers before whom less than the core line of the whole had been accumulated, taken alone."""
    line = CORE_LINE * sum(amounts.values(), ZERO)
    before, inside = ZERO, set()
    for name in sorted(amounts, key=lambda customer: (-amounts[customer], customer)):
        if before < line:
            inside.add(name)
        before += amounts[name]
    return inside


def _top(active: Mapping[str, Contribution], by: Mapping[str, Fraction]) -> set[str]:
    ordered = sorted(active, key=lambda customer: (-by[customer], customer))
    return set(ordered[: rounded_up(TOP_SHARE, len(ordered))])


def core_of(active: Mapping[str, Contribution]) -> dict[str, Core]:
    """The core rule over the active customers."""
    basis = basis_of(active)
    signed = taken_margins(active, basis)
    margins = {name: max(ZERO, value) for name, value in signed.items()}
    volumes = {name: one.volume for name, one in active.items()}
    whole_margin, whole_volume = sum(margins.values(), ZERO), sum(volumes.values(), ZERO)
    in_both = _leading(margins) & _leading(volumes) if whole_margin and whole_volume else set()
    in_top = _top(active, volumes if basis == "volume_only" else signed)
    share = {name: (_share(margins[name], whole_margin), _share(volumes[name], whole_volume)) for name in active}
    before = (ZERO, ZERO)
    found = {}
    for name in sorted(active, key=lambda customer: (-sum(share[customer]), customer)):
        # a share that sums to 0 leaves the line to the other one
        reached = [part for part, whole in zip(before, (whole_margin, whole_volume), strict=True) if whole]
        worth = basis == "volume_only" or (whole_margin > 0 and (active[name].margin is None or signed[name] > 0))
        before = (before[0] + share[name][0], before[1] + share[name][1])
        found[name] = Core(
            *share[name],
            *before,
            is_margin_imputed=active[name].margin is None and basis != "volume_only",
            is_core=worth and any(part < CORE_LINE for part in reached),
            is_core_in_grace=worth and any(part < CORE_GRACE_LINE for part in reached),
            is_core_by_intersection=name in in_both,
            is_core_by_top_20=name in in_top,
        )
    return found


def raw_tiers(core: Mapping[str, Core], best_first: Sequence[str], scheme: str) -> dict[str, str]:
    """Tier of every active customer without hysteresis; `best_first` are all of them by score."""
    others = [name for name in best_first if not core[name].is_core]
    tiers = dict.fromkeys(best_first, "core") | dict.fromkeys(others, LAST_TIER)
    taken = 0
    for tier, share in SHARE_TIERS[scheme]:
        line = rounded_up(share, len(others))
        tiers |= dict.fromkeys(others[taken:line], tier)
        taken = max(taken, line)
    return tiers


def computed_tiers(
    raw: Mapping[str, str], core: Mapping[str, Core], best_first: Sequence[str], before: Mapping[str, Previous]
) -> dict[str, str]:
    """The raw tiers, held where yesterday's still fits inside the wider lines."""
    others = [name for name in best_first if not core[name].is_core]
    in_grace = set(others[: rounded_up(IMPORTANT_GRACE_SHARE, len(others))])
    computed = {}
    for name, tier in raw.items():
        held = before[name].tier_computed if name in before else None
        if held == "core" and core[name].is_core_in_grace:
            computed[name] = "core"
        elif held in ("core", "important") and name in in_grace and tier != "core":
            computed[name] = "important"
        else:
            computed[name] = tier
    return computed


def _movement(tier: str, previous: Previous | None) -> str:
    if previous is None:
        return "new"
    step = BEST_FIRST.index(previous.tier) - BEST_FIRST.index(tier)
    return "up" if step > 0 else "down" if step < 0 else "same"


def published_tiers(
    as_of: date,
    customers: Iterable[str],
    raw: Mapping[str, str],
    computed: Mapping[str, str],
    before: Mapping[str, Previous],
    overrides: Sequence[Override] = (),
) -> dict[str, Tier]:
    """Every customer's tiers; who is not active is `general` but for an override."""
    # the later entry wins where two begin on one day: the sort keeps the order of entry
    holding = {
        one.customer_id: one
        for one in sorted(overrides, key=lambda one: one.starts_on)
        if one.starts_on <= as_of <= one.expires_on
    }
    tiers = {}
    for name in customers:
        override, previous = holding.get(name), before.get(name)
        tier = override.tier if override else computed.get(name, LAST_TIER)
        stays = previous is not None and previous.tier == tier
        tiers[name] = Tier(
            raw.get(name, LAST_TIER),
            computed.get(name, LAST_TIER),
            tier,
            previous.tier if previous else None,
            previous.tier_since_on if previous and stays else as_of,
            _movement(tier, previous),
            override.reason if override else None,
            override.expires_on if override else None,
        )
    return tiers
