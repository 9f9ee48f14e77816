"""The registry: what a model's header must say."""

from __future__ import annotations

import pytest

from pipelines.indicators import RegistryError, indicators_from

HEADER = {
    "id": "C01",
    "name": "gross_margin_12m",
    "name_en": "Gross margin, 12 months",
    "name_zh": "近12个月毛利",
    "dimension": "current",
    "group": "profit",
    "unit": "money",
    "better": "higher",
    "scale": "asinh",
    "window": "12m",
    "formula": "margin of the lines in 12m",
}


def test_indicators_come_by_id_with_their_facts() -> None:
    found = indicators_from([HEADER | {"id": "P01", "name": "growth", "better": "lower"}, HEADER])
    assert [one.indicator_id for one in found] == ["C01", "P01"]
    assert found[0].name_zh == "近12个月毛利"
    assert [one.higher_is_better for one in found] == [True, False]


@pytest.mark.parametrize("fact", [fact for fact in HEADER if fact != "window"])
def test_a_missing_fact_is_named(fact: str) -> None:
    header = {key: value for key, value in HEADER.items() if key != fact}
    with pytest.raises(RegistryError, match=f"lacks {fact}"):
        indicators_from([header])


@pytest.mark.parametrize(("fact", "value"), [("scale", "log"), ("better", "more"), ("dimension", "present")])
def test_an_unknown_fact_is_named(fact: str, value: str) -> None:
    with pytest.raises(RegistryError, match=f"C01: {fact} is '{value}'"):
        indicators_from([HEADER | {fact: value}])


def test_two_models_cannot_claim_one_id_or_one_name() -> None:
    with pytest.raises(RegistryError, match="indicator_id C01"):
        indicators_from([HEADER, HEADER | {"name": "other"}])
    with pytest.raises(RegistryError, match="name gross_margin_12m"):
        indicators_from([HEADER, HEADER | {"id": "C02"}])
