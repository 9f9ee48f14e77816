"""The makers of nasty companies: reproducible, and as nasty as they say over a few seeds."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.calibration import INDICATORS
from tests.reference.churn import Slices, orders_of
from tests.reference.companies import AS_OF_DATES, make_company, write_folder
from tests.reference.night import Night, contributions, evaluate, first_calibration, measure
from tests.reference.parameters import Parameters
from tests.reference.special_companies import SPECIAL, equal_customers
from tests.reference.tiers import core_of

EVEN = dict.fromkeys(INDICATORS, 1 / 30)


def _night(seed: int) -> Night:
    as_of = AS_OF_DATES[seed % len(AS_OF_DATES)]
    measured = measure(make_company(seed, as_of), Parameters(as_of))
    return evaluate(measured, first_calibration(measured, EVEN))


def test_a_seed_makes_the_same_folder_twice(tmp_path: Path) -> None:
    folders = [write_folder(make_company(3, AS_OF_DATES[0]), tmp_path / name) for name in ("once", "again")]
    texts = [{file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders]
    assert texts[0] == texts[1]


def test_a_written_row_is_the_row_as_text(tmp_path: Path) -> None:
    folder = write_folder(equal_customers(2, AS_OF_DATES[0]), tmp_path)
    with (folder / "sales_order_line.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["order_id"])
    assert rows[0] == {
        "order_id": "O0",
        "line_number": "1",
        "product_id": "P",
        "quantity": "7",
        "unit_price": "3.33",
        "unit_cost": "1.11",
    }


def test_seeds_reach_all_bases_statuses_and_stages() -> None:
    nights = [_night(seed) for seed in range(12)]
    assert {night.basis for night in nights} == {"margin_and_volume", "volume_only"}
    assert {one.status for night in nights for one in night.measured.churn.values()} == {
        "validated",
        "unvalidated",
        "dormant",
        "not_active",
    }
    stages = {stage for night in nights for stage in night.lifecycle.values()}
    assert stages == {"prospect", "lapsed", "new", "growing", "declining", "stable"}
    assert any(not any(one.is_core for one in night.core.values()) for night in nights)


def test_special_companies_are_what_they_say() -> None:
    as_of = AS_OF_DATES[2]
    found = {name: measure(make(as_of), Parameters(as_of)) for name, make in SPECIAL.items()}
    levels = {name: one.level for name, one in found["rhythms_on_cuts"].churn.items()}
    assert (levels["gap 5, silent 15"], levels["gap 7, silent 14"], levels["gap 8, silent 12"]) == (
        "high",
        "medium",
        "low",
    )
    cells = {name: Slices(orders_of(measured.facts), Parameters(as_of)).cells() for name, measured in found.items()}
    assert cells["everyone_left"].base_rate == 1
    assert found["everyone_left"].churn["L00"].status == "dormant"
    assert found["everyone_left"].churn["back"].level == "high"
    assert found["everyone_left"].churn["silent"].level == "low"
    assert (cells["one_short_of_enough"].base, cells["one_short_of_enough"].slices) == ([199, 0], 3)
    assert (cells["just_enough"].base, cells["just_enough"].slices) == ([200, 0], 3)
    assert (cells["two_slices"].base, cells["two_slices"].slices) == ([202, 0], 2)
    core = core_of(contributions(found["volume_line_met_exactly"]))
    assert {name for name, one in core.items() if one.is_core_by_intersection} == {"V0", "V1", "V2"}
    on_cuts = found["growth_and_gaps_on_cuts"]
    assert (on_cuts.values["falls"]["P01"], on_cuts.values["grows"]["P01"]) == (Fraction(-1, 10), Fraction(1, 10))
    assert on_cuts.churn["old"].level == "high"
    assert {one.level for one in found["nobody_ordered_twice"].churn.values()} == {"medium"}
    assert {one.probability for one in found["just_enough"].churn.values()} == {0}


@settings(max_examples=15, deadline=None)
@given(st.integers(min_value=0, max_value=10**6))
def test_every_night_keeps_its_identities(seed: int) -> None:
    night = _night(seed)
    for one in night.scores.values():
        assert abs(sum(one.effective_weights.values()) - 1) < 1e-9
        assert one.value_score_low - 1e-9 <= one.value_score <= one.value_score_high + 1e-9
        assert -1e-9 <= one.value_score <= 100 + 1e-9
    assert sorted(night.ranks["company_rank"].values()) == list(range(1, len(night.scores) + 1))
    shares = [one.margin_share for one in night.core.values()]
    assert sum(shares) in (0, 1)
    assert all(0 <= one.probability <= 1 for one in night.measured.churn.values() if one.probability is not None)
