"""The core rule, the tiers by score, hysteresis, overrides and movement: against hand-computed cases."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.reference.tiers import (
    Contribution,
    Override,
    Previous,
    basis_of,
    computed_tiers,
    core_of,
    published_tiers,
    raw_tiers,
)

D = date(2025, 6, 30)
YESTERDAY = date(2025, 6, 29)


def brings(margin: int | None, volume: int) -> Contribution:
    return Contribution(None if margin is None else Fraction(margin), Fraction(volume))


def core_names(active: dict[str, Contribution]) -> set[str]:
    return {name for name, one in core_of(active).items() if one.is_core}


@pytest.mark.parametrize(("count", "core"), [(1, 1), (3, 3), (5, 4), (7, 6), (10, 8), (15, 12), (30, 24)])
def test_equal_customers_fill_the_line_exactly(count: int, core: int) -> None:
    assert len(core_names({f"E{number:02d}": brings(1, 3) for number in range(count)})) == core


def test_core_goes_on_until_both_margin_and_volume_reach_the_line() -> None:
    active = {"A": brings(90, 10), "B": brings(5, 60), "C": brings(5, 20), "D": brings(0, 10)}
    # shares: A .9/.1, B .05/.6, C .05/.2, D 0/.1; before C: .95 and .70; before D: 1 and .90
    assert core_names(active) == {"A", "B", "C"}


def test_a_losing_customer_is_not_core_but_what_it_accumulates_counts() -> None:
    active = {"A": brings(-5, 80), "B": brings(50, 10), "C": brings(50, 10)}
    core = core_of(active)
    assert {name for name, one in core.items() if one.is_core} == {"B", "C"}
    assert core["A"].margin_share == 0
    assert core["C"].cumulative_volume_share == 1


def test_an_unknown_margin_is_taken_at_the_known_ones_margin_a_unit() -> None:
    core = core_of({"A": brings(60, 20), "B": brings(-9, 10), "C": brings(None, 10)})
    # 60 a 30 units: 2 a unit, 20 for C
    assert core["C"].margin_share == Fraction(20, 80)
    assert core["C"].is_margin_imputed
    assert core["C"].is_core


def test_without_any_cost_volume_alone_decides() -> None:
    active = {"A": brings(None, 50), "B": brings(None, 30), "C": brings(None, 20), "D": brings(0, 0)}
    assert basis_of(active) == "volume_only"
    core = core_of(active)
    assert {name for name, one in core.items() if one.is_core} == {"A", "B"}
    assert not any(one.is_margin_imputed or one.is_core_by_intersection for one in core.values())
    assert {name for name, one in core.items() if one.is_core_by_top_20} == {"A"}


def test_nobody_is_core_where_no_known_margin_is_positive() -> None:
    active = {"A": brings(-1, 50), "B": brings(0, 30), "C": brings(None, 20)}
    assert basis_of(active) == "margin_and_volume"
    assert core_names(active) == set()
    assert not any(one.is_core_by_intersection for one in core_of(active).values())


def test_without_a_line_in_the_year_nobody_is_core() -> None:
    assert core_names({"A": brings(0, 0)}) == set()


def _tenfold() -> tuple[dict[str, Contribution], list[str]]:
    """Ten customers outside core behind one that is all of it, best score first."""
    others = [f"E{number}" for number in range(10)]
    return {"Z": brings(100, 100)} | {name: brings(0, 0) for name in others}, ["Z", *others]


def test_counts_of_shares_are_rounded_up() -> None:
    active, best_first = _tenfold()
    raw = raw_tiers(core_of(active), best_first, "three_tier")
    assert [name for name, tier in raw.items() if tier == "important"] == ["E0", "E1", "E2"]
    four = raw_tiers(core_of(active), best_first, "four_tier")
    assert [name for name, tier in four.items() if tier == "value"] == ["E3", "E4", "E5"]
    assert raw["Z"] == four["Z"] == "core"


def test_important_stays_inside_the_wider_share() -> None:
    active = {"Z": brings(100, 100)} | {f"E{number:02d}": brings(0, 0) for number in range(20)}
    core, best_first = core_of(active), ["Z", *(f"E{number:02d}" for number in range(20))]
    raw = raw_tiers(core, best_first, "three_tier")
    before = {name: Previous("important", "important", YESTERDAY) for name in ("E05", "E06")}
    before["E04"] = Previous("core", "core", YESTERDAY)
    computed = computed_tiers(raw, core, best_first, before)
    # of 20: the best 5 are important, the best 6 may stay
    assert (raw["E05"], computed["E05"], computed["E06"]) == ("general", "important", "general")
    assert computed["E04"] == "important"


def test_core_stays_inside_the_wider_prefix_with_a_positive_margin() -> None:
    active = {"A": brings(82, 82), "B": brings(4, 4), "C": brings(14, 14)}
    core = core_of(active)
    best_first = ["A", "B", "C"]
    raw = raw_tiers(core, best_first, "three_tier")
    assert raw == {"A": "core", "C": "general", "B": "important"}
    held = computed_tiers(raw, core, best_first, {"C": Previous("core", "core", YESTERDAY)})
    assert held["C"] == "core"
    fallen = computed_tiers(raw, core, best_first, {"B": Previous("core", "core", YESTERDAY)})
    assert fallen["B"] == "important"


def test_an_override_holds_on_its_last_day_and_not_after() -> None:
    override = Override("A", "general", "insolvent", YESTERDAY, D)
    before = {"A": Previous("core", "core", date(2025, 1, 1))}
    on_last_day = published_tiers(D, ["A"], {"A": "core"}, {"A": "core"}, before, [override])["A"]
    assert (on_last_day.tier, on_last_day.tier_computed, on_last_day.tier_movement) == ("general", "core", "down")
    assert (on_last_day.tier_since_on, on_last_day.override_reason) == (D, "insolvent")
    after = published_tiers(date(2025, 7, 1), ["A"], {"A": "core"}, {"A": "core"}, before, [override])["A"]
    assert (after.tier, after.tier_movement, after.tier_since_on) == ("core", "same", date(2025, 1, 1))
    assert after.override_reason is None


def test_movement_of_the_first_night_is_new_and_who_is_not_active_is_general() -> None:
    tiers = published_tiers(D, ["A", "B"], {"A": "core"}, {"A": "core"}, {"B": Previous("core", "core", YESTERDAY)})
    assert (tiers["A"].tier_movement, tiers["A"].tier_since_on, tiers["A"].previous_tier) == ("new", D, None)
    assert (tiers["B"].tier_raw, tiers["B"].tier, tiers["B"].tier_movement) == ("general", "general", "down")
