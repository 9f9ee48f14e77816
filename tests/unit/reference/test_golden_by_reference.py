"""The reference and the golden customers' hand-computed values agree; each is the other's proof-reader."""

from __future__ import annotations

import pytest

from tests.golden.company import Golden, load_golden_company
from tests.reference import night, tiers
from tests.reference.calibration import INDICATORS
from tests.reference.parameters import Parameters

COMPANY = load_golden_company()
MEASURED = night.measure(COMPANY.rows, Parameters(COMPANY.as_of))


@pytest.mark.parametrize("golden", COMPANY.customers, ids=lambda golden: golden.customer_id)
def test_indicators_are_those_computed_by_hand(golden: Golden) -> None:
    values = MEASURED.values.get(golden.customer_id, {})
    assert {code: value if value is None else float(value) for code, value in values.items()} == {
        code: value if value is None else pytest.approx(value, rel=1e-12) for code, value in golden.indicators.items()
    }, golden.story


def test_every_golden_customer_is_there_and_active_ones_have_all_thirty() -> None:
    assert {golden.customer_id for golden in COMPANY.customers} == set(MEASURED.facts.customers)
    assert all(golden.indicators.keys() in (set(), INDICATORS.keys()) for golden in COMPANY.customers)


def test_core_is_the_one_computed_by_hand() -> None:
    contributions = night.contributions(MEASURED)
    core = tiers.core_of(contributions)
    assert {name for name, one in core.items() if one.is_core} == {
        golden.customer_id for golden in COMPANY.customers if golden.tier == "core"
    }
    assert {name for name, one in core.items() if one.is_core_by_intersection} == COMPANY.core_by_intersection
    assert {name for name, one in core.items() if one.is_core_by_top_20} == COMPANY.core_by_top_20
    held = [one for one in core.values() if one.is_core]
    margin, volume = COMPANY.core_shares
    assert float(sum(one.margin_share for one in held)) == pytest.approx(margin, rel=1e-12)
    assert float(sum(one.volume_share for one in held)) == pytest.approx(volume, rel=1e-12)
