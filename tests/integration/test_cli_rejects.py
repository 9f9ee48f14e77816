"""`cvp rejects`: rows set aside by reason, one by one, and a single one as it was delivered."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import get_settings
from tests.integration.extracting import desk_for, text_table

LINES = """
    order_id,line_number,product_id,quantity,unit_price
    O1,1,P,0,1
    O1,2,,x,1
    O2,1,P,0,1
    O3,1,P," 1x",1
"""


PRICED = """
    kind: files
    entities:
      sales_order_line:
        table: 明细
        columns:
          order_id: order_id
          line_number: line_number
          product_id: product_id
          quantity: quantity
          unit_price: {expression: "round(cast(单价 as decimal(19, 4)) * (1 - cast(折扣 as decimal(5, 4))), 4)"}
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def command(module_warehouse, desk, tmp_path):
    """Run `cvp rejects` on a warehouse with one customer and three lines set aside."""
    desk.source("canonical", str(tmp_path / "data"))
    text_table(tmp_path / "data", "customer.csv", "customer_id,customer_name\nC1,\nC2,[b]Two[/b]\n")
    text_table(tmp_path / "data", "sales_order_line.csv", LINES)
    desk.extract("canonical", "customer")
    desk.extract("canonical", "sales_order_line")

    def run(*arguments: str):
        get_settings.cache_clear()
        try:
            environment = {"CVP_WAREHOUSE_DATABASE": module_warehouse.settings.warehouse_database}
            return CliRunner().invoke(app, ["rejects", *arguments], env=environment)
        finally:
            get_settings.cache_clear()

    return run


def lines_of(result) -> list[str]:
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_reasons_are_counted_and_rows_listed_by_key(command):
    lines = lines_of(command())
    assert lines[0] == "5 rows are set aside"
    assert any(line.startswith("2 canonical sales_order_line quantity must be above 0 20") for line in lines)
    assert any(
        line.startswith("canonical sales_order_line O1/2 product_id is missing; quantity is no") for line in lines
    )
    assert any(line.startswith("canonical customer C1 customer_name is missing") for line in lines)


def test_source_entity_and_limit_narrow_the_list(command):
    assert not any("customer_name" in line for line in lines_of(command("--entity", "sales_order_line")))
    assert lines_of(command("--source", "crm")) == ["no row is set aside"]
    listed = [line for line in lines_of(command("--limit", "1")) if line.startswith("canonical ")]
    assert len(listed) == 1


def test_a_row_is_shown_as_it_was_delivered(command):
    lines = lines_of(command("--row", "O1/2"))
    assert lines[0].startswith(
        "canonical.sales_order_line O1/2: product_id is missing; quantity is no number (first seen"
    )
    assert "product_id null" in lines
    assert "quantity x" in lines
    assert 'quantity " 1x"' in lines_of(command("--row", "O3/1"))


def test_below_a_column_with_an_expression_stands_what_this_reads(command, desk, tmp_path):
    head = "order_id,line_number,product_id,quantity,单价,折扣"
    text_table(tmp_path / "priced", "明细.csv", f'{head}\n11075,2,P,1,"12,50 元",0.15\n11075,3,P,0,2,0.5\n')
    desk.source("shop", str(tmp_path / "priced"), PRICED)
    desk.extract("shop", "sales_order_line")
    lines = lines_of(command("--row", "11075/2"))
    assert lines[0].startswith("shop.sales_order_line 11075/2: unit_price: the mapping's expression fails (first seen")
    place = lines.index("unit_price (by its expression) null")
    assert sorted(lines[place + 1 : place + 3]) == ["单价 12,50 元", "折扣 0.15"]
    assert not any("expression_columns" in line for line in lines)
    lines = lines_of(command("--row", "11075/3"))
    assert lines[0].startswith("shop.sales_order_line 11075/3: quantity must be above 0 (first seen")
    place = lines.index("unit_price (by its expression) 1.0000")
    assert sorted(lines[place + 1 : place + 3]) == ["单价 2", "折扣 0.5"]


def test_an_unknown_key_fails(command):
    result = command("--row", "O9/1")
    assert (result.exit_code, result.output.strip()) == (1, "no row with key O9/1 is set aside")
