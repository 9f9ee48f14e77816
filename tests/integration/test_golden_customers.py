"""A whole night over the golden customers: published indicators, stages and tiers are those of the reviewed file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.night import steps
from tests.conftest import Warehouse
from tests.golden.company import Golden, load_golden_company
from tests.integration.method import driver
from tests.integration.method.comparison import by_key
from tests.reference.companies import write_folder

COMPANY = load_golden_company()
CUSTOMERS = pytest.mark.parametrize("golden", COMPANY.customers, ids=lambda golden: golden.customer_id)

Published = dict[str, dict[Any, dict[str, Any]]]


@pytest.fixture(scope="module")
def published(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The published rows of the golden night, by table and key."""
    folder = write_folder(COMPANY.rows, tmp_path_factory.mktemp("golden") / "source")
    engine = module_warehouse.engine
    with driver.settings_for(folder, module_warehouse.settings.warehouse_database):
        steps.run_night("golden night", COMPANY.as_of, [driver.SOURCE])
        yield {
            "customer_tier": by_key(driver.read(engine, "published.customer_tier"), "customer_id"),
            "customer_indicator": by_key(
                driver.read(engine, "published.customer_indicator"), "customer_id", "indicator_id"
            ),
        }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


@CUSTOMERS
def test_indicators_are_those_computed_by_hand(published: Published, golden: Golden) -> None:
    found = {
        indicator: _number(row["raw_value"])
        for (customer, indicator), row in published["customer_indicator"].items()
        if customer == golden.customer_id
    }
    assert found == {
        indicator: value if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)
        for indicator, value in golden.indicators.items()
    }, golden.story


@CUSTOMERS
def test_tier_and_stage_are_those_of_the_reviewed_file(published: Published, golden: Golden) -> None:
    row = published["customer_tier"][golden.customer_id]
    assert (row["lifecycle_stage"], row["tier"]) == (golden.lifecycle_stage, golden.tier), golden.story
    assert row["is_active"] == bool(golden.indicators)


def test_nobody_else_is_published(published: Published) -> None:
    assert published["customer_tier"].keys() == {golden.customer_id for golden in COMPANY.customers}


def test_readings_of_core_and_what_it_holds_are_those_computed_by_hand(published: Published) -> None:
    rows = published["customer_tier"]
    core = [row for row in rows.values() if row["tier_raw"] == "core"]
    margin, volume = COMPANY.core_shares
    assert float(sum(row["margin_share"] for row in core)) == pytest.approx(margin, rel=1e-9)
    assert float(sum(row["volume_share"] for row in core)) == pytest.approx(volume, rel=1e-9)
    assert {name for name, row in rows.items() if row["is_core_by_intersection"]} == COMPANY.core_by_intersection
    assert {name for name, row in rows.items() if row["is_core_by_top_20"]} == COMPANY.core_by_top_20
