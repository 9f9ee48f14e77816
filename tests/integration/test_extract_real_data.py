"""The three real data sets through their mappings: every source row landed or set aside, and no threshold stops them.

They lie outside the project: in `$CVP_REAL_DATA`, or beside the project in `shared/data`.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.extract import check_rejections, extract_entity, list_extractions
from pipelines.settings import PROJECT
from pipelines.sources.reading import load_mapping
from tests.integration.extracting import desk_for

FOLDER = Path(os.environ.get("CVP_REAL_DATA") or PROJECT.parent / "shared" / "data")
PLACES = {
    "adventureworks": FOLDER / "adventureworks",
    "northwind": FOLDER / "northwind" / "northwind.sqlite",
    "online_retail": FOLDER / "online_retail",
}
# source rows of the mapped table or query, and how many of them are set aside
READ_AND_REJECTED = {
    "adventureworks": {
        "customer": (701, 0),
        "product": (606, 209),
        "sales_order": (3796, 0),
        "sales_order_line": (60855, 0),
        "delivery": (60855, 0),
    },
    "northwind": {
        "customer": (91, 0),
        "product": (77, 0),
        "sales_order": (830, 0),
        "sales_order_line": (2155, 0),
        "delivery": (2082, 0),
    },
    "online_retail": {
        "customer": (4372, 0),
        "product": (4059, 0),
        "sales_order": (22064, 3528),
        "sales_order_line": (541909, 12952),
        "service_record": (3836, 453),
    },
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real data sets are not in {FOLDER}")


@pytest.fixture(scope="module")
def desk(module_warehouse, tmp_path_factory):
    """All three data sets, extracted once."""
    found = desk_for(module_warehouse, tmp_path_factory.mktemp("mappings"))
    for name, place in PLACES.items():
        found.source(name, str(place))
    found.start("night")
    for item in list_extractions(found.settings, list(PLACES)):
        extract_entity(found.settings, found.engine, item.source_system, item.entity, "night")
    return found


@pytest.mark.parametrize("source", list(PLACES))
def test_every_source_row_is_landed_or_set_aside(desk, source):
    accounts = desk.rows(
        "select entity, rows_read, rows_rejected, rows_landed, rows_held from control.extraction"
        f" where source_system = '{source}'"
    )
    assert {entity: (read, rejected) for entity, read, rejected, _, _ in accounts} == READ_AND_REJECTED[source]
    for entity, read, rejected, landed, held in accounts:
        stored = desk.scalar(
            f"select count(*) from landing.landing_rejected where source_system = '{source}' and entity = '{entity}'"
        )
        assert (landed, held, stored) == (read - rejected, read - rejected, rejected)


def test_no_threshold_stops_a_night_of_real_data(desk):
    check_rejections(desk.settings, desk.engine, "night")


@pytest.mark.parametrize("source", list(PLACES))
def test_the_next_night_finds_every_row_unchanged(desk, source):
    """Line numbers that a mapping counts itself must come out alike at every reading."""
    desk.start("next")
    for entity, (read, rejected) in READ_AND_REJECTED[source].items():
        result = extract_entity(desk.settings, desk.engine, source, entity, "next")
        assert (result.rows_landed, result.rows_unchanged, result.rows_deleted) == (0, read - rejected, 0)


def test_the_resellers_revenue_and_cost_are_those_of_the_source(desk):
    source = PLACES["adventureworks"] / "FactResellerSales.parquet"
    ((revenue, cost),) = duckdb.execute(
        f"select sum(SalesAmount), sum(ProductStandardCost * OrderQuantity) from '{source}'"
    ).fetchall()
    landed = "select sum(quantity * unit_price), sum(quantity * unit_cost) from landing.sales_order_line"
    ((found_revenue, found_cost),) = desk.rows(f"{landed} where source_system = 'adventureworks'")
    assert found_cost == cost
    # discounted prices are quotients, rounded to ten decimals
    assert abs(found_revenue - revenue) < Decimal("0.0001")


def test_the_traders_revenue_is_that_of_the_source(desk):
    landed = "select sum(quantity * unit_price) from landing.sales_order_line where source_system = 'northwind'"
    assert round(Decimal(str(desk.scalar(landed))), 2) == Decimal("1265793.04")


def test_the_shops_sales_and_refunds_are_those_of_the_source(desk):
    codes = "('POST', 'DOT', 'M', 'm', 'C2', 'D', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK')"
    source = PLACES["online_retail"] / "online_retail.parquet"
    ((sales, lines),) = duckdb.execute(
        "select sum(cast(Quantity as decimal(18, 0)) * cast(UnitPrice as decimal(18, 4))), count(*)"
        f" from '{source}' where Quantity > 0 and UnitPrice >= 0 and StockCode not in {codes}"
    ).fetchall()
    landed = "select sum(quantity * unit_price), count(*) from landing.sales_order_line"
    assert desk.rows(f"{landed} where source_system = 'online_retail'") == [(sales, lines)]
    reasons = desk.rows(
        "select reason, count(*) from landing.landing_rejected where source_system = 'online_retail'"
        " and entity = 'sales_order_line' group by reason order by count(*) desc"
    )
    assert reasons == [
        ("quantity must be above 0", 10040),
        ("product_id is missing", 2326),
        ("product_id is missing; quantity must be above 0", 584),
        ("product_id is missing; unit_price must be at least 0", 2),
    ]


def test_the_anonymous_customers_ids_are_whole_numbers(desk):
    odd = (
        "select count(*) from landing.sales_order where source_system = 'online_retail' and customer_id !~ '^[0-9]{5}$'"
    )
    assert desk.scalar(odd) == 0


@pytest.mark.parametrize("source", list(PLACES))
def test_accepted_shares_are_close_to_what_is_set_aside(desk, source):
    for name, entity in load_mapping(source, desk.settings).entities.items():
        if entity.accepted_rejects is not None:
            read, rejected = READ_AND_REJECTED[source][name]
            assert 0 < entity.accepted_rejects.share - Decimal(rejected) / read < Decimal("0.15")
