"""From a source's rows to the sums of a night, by the night's own models: money exact, nothing counted too early.

A million lines from PostgreSQL against Python's decimals; facts whose customer, product or order comes a night later;
keys of two systems.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, Inexact, localcontext
from unittest.mock import patch

import psycopg
import pytest

from pipelines import evaluate
from pipelines.settings import Settings
from pipelines.transform import CompiledProject, compile_models
from tests.integration.extracting import Desk, desk_for

NIGHT = {
    "run_id": "night", "as_of_date": "2024-01-31", "company_time_zone": "Asia/Shanghai", "reporting_currency": "CNY",
    "active_window_months": 24, "capital_cost_rate": 0, "tier_scheme": "three_tier", "churn_horizon_days": 180,
    "churn_high_odds": 4, "churn_medium_odds": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def evaluation(module_warehouse) -> Iterator[evaluate.Aside]:
    """The night's models over what is landed at the time, compiled once; those asked for here read no rules."""

    def without_rules(settings: Settings, prefix: str) -> CompiledProject:
        return replace(compile_models(settings, prefix), seeds=())

    with (
        patch("pipelines.evaluate.aside.compile_models", without_rules),
        evaluate.aside(module_warehouse.settings, module_warehouse.engine, "measurement") as found,
    ):
        yield found


@pytest.fixture
def desk(module_warehouse, tmp_path) -> Desk:
    return desk_for(module_warehouse, tmp_path)


def evaluated(desk: Desk, evaluation: evaluate.Aside, columns: str, model: str, sources: tuple = ("erp",)) -> list:
    """Columns of a model as the night of these sources has it."""
    evaluation.set_night(NIGHT | {"source_systems": sources})
    evaluation.run(for_models=[model.partition(".")[2]])
    return desk.rows(f"select {columns} from {evaluation.relation(model)} order by 1")


LINES = 1_000_000
LINES_OF_AN_ORDER = 50
CUSTOMERS = 8
RATE = "7.1234567890123456789"
# Where floats, halves of a cent and wide numbers go wrong; lists of lengths without a common divisor.
QUANTITIES = ["1", "3", "0.001", "1e-20", "33.333333333333333333", "0.1", "7", "12.5", "1000000", "0.07", "2.675"]
PRICES = ["0.005", "0.015", "19.90", "-0", "0", "0.1", "9007199254740993.01", "1234567890123.45", "0.00499999999999999",
          "2.675", "1e-20", "99999.995", "0.285"]  # fmt: skip
COSTS = ["0", "0.004", "25.1", "0.1", "1e-9", "0.115", "9007199254740992.995"]
# Money below zero is no price: the line is set aside and counts nowhere.
BAD_EVERY, BAD_PRICE = 99_991, "-0.005"


def line(number: int) -> tuple[str, str, str]:
    """Quantity, price and cost of a line."""
    price = BAD_PRICE if number % BAD_EVERY == 0 else PRICES[number % len(PRICES)]
    return QUANTITIES[number % len(QUANTITIES)], price, COSTS[number % len(COSTS)]


def copied(number: int) -> str:
    """The line as COPY takes it."""
    return "\t".join([str(number // LINES_OF_AN_ORDER), str(number), *line(number)]) + "\n"


def customer_of(order: int) -> str:
    return f"C{order % CUSTOMERS}"


def is_in_dollars(order: int) -> bool:
    return order % 3 == 0


def expected_sums() -> dict[str, tuple[Decimal, Decimal]]:
    """Revenue and margin of each customer, by decimals that would refuse to round."""
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    with localcontext(prec=200) as context:
        context.traps[Inexact] = True
        for number in range(LINES):
            quantity, price, cost = map(Decimal, line(number))
            if price < 0:
                continue
            order = number // LINES_OF_AN_ORDER
            rate = Decimal(RATE) if is_in_dollars(order) else Decimal(1)
            revenue, margin = sums[customer_of(order)]
            earned, spent = quantity * price * rate, quantity * cost * rate
            sums[customer_of(order)] = revenue + earned, margin + earned - spent
    return sums


@pytest.fixture
def erp(server, desk) -> Iterator[str]:
    """A PostgreSQL source with a million lines, all of them numerics without limits."""
    name = f"erp_{desk.settings.warehouse_database}"
    server.ensure_database(name, "erp_owner")
    with psycopg.connect(server.url("erp_owner", name)) as connection:
        connection.execute("create table lines (id int, n int, quantity numeric, price numeric, cost numeric)")
        with connection.cursor().copy("copy lines from stdin") as copy:
            for start in range(0, LINES, 10_000):
                copy.write("".join(map(copied, range(start, start + 10_000))))
        connection.execute("create table orders (id int, customer text, day date, currency text)")
        orders = [
            (order, customer_of(order), "2024-01-15", "USD" if is_in_dollars(order) else "CNY")
            for order in range(LINES // LINES_OF_AN_ORDER)
        ]
        with connection.cursor().copy("copy orders from stdin") as copy:
            copy.write("".join("\t".join(map(str, row)) + "\n" for row in orders))
    yield server.url("erp_owner", name)
    server.drop_database(name)


MONEY = f"""
    kind: postgres
    entities:
      sales_order:
        table: orders
        columns: {{order_id: id, customer_id: customer, ordered_on: day, currency: currency}}
      sales_order_line:
        table: lines
        columns:
          order_id: id
          line_number: n
          product_id: {{constant: P}}
          quantity: quantity
          unit_price: price
          unit_cost: cost
      exchange_rate:
        query: select 'USD' as currency, date '2024-01-10' as day, {RATE} as rate
        columns: {{currency: currency, rate_on: day, rate: rate}}
"""


def test_the_money_of_a_million_lines_is_what_decimals_say(desk, evaluation, erp, note_fault):
    desk.source("erp", erp, MONEY)
    for entity in ("sales_order", "exchange_rate"):
        desk.extract("erp", entity)
    result = desk.extract("erp", "sales_order_line")
    refused = len(range(0, LINES, BAD_EVERY))
    assert (result.rows_read, result.rows_landed, result.rows_rejected) == (LINES, LINES - refused, refused)
    found = evaluated(desk, evaluation, "customer_id, revenue_12m, margin_12m", "intermediate.int_customer_sales")
    expected = expected_sums()
    assert [customer for customer, _, _ in found] == sorted(expected)
    for customer, revenue, margin in found:
        # revenue is a sum of products; a margin goes through a quotient, which ends somewhere behind the cents
        assert revenue == expected[customer][0]
        assert cents(margin) == cents(expected[customer][1])
    as_floats = sum(float(q) * float(p) for q, p, _ in map(line, range(LINES // 10)))
    exact = sum(Decimal(q) * Decimal(p) for q, p, _ in map(line, range(LINES // 10)))
    assert cents(Decimal(as_floats)) != cents(exact), "floats would have been wrong"
    note_fault("B14", f"money of {LINES:,} lines against decimals", len(found), len(found))


def cents(amount: Decimal) -> Decimal:
    with localcontext(prec=200):
        return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


WAITING = """
    kind: sqlite
    entities:
      customer: {table: customers, columns: {customer_id: id, customer_name: name}}
      product: {table: products, columns: {product_id: id, product_family: family}}
      sales_order: {table: orders, columns: {order_id: id, customer_id: customer, ordered_on: day}}
      sales_order_line:
        table: lines
        columns: {order_id: id, line_number: n, product_id: product, quantity: amount, unit_price: amount}
"""
SETUP = """
    create table customers (id, name); create table products (id, family);
    create table orders (id, customer, day); create table lines (id, n, product, amount);
    insert into customers values ('known', 'Known'); insert into products values ('P1', 'coil');
    insert into orders values ('O1', 'late', '2024-01-10'), ('O2', 'known', 'soon');
    insert into lines values ('O1', 1, 'P1', 2), ('O1', 2, 'P9', 3), ('O2', 1, 'P1', 4), ('O3', 1, 'P1', 5);
"""


def test_facts_whose_customer_product_or_order_comes_later_count_once_it_is_there(desk, evaluation, tmp_path):
    crm = sqlite3.connect(tmp_path / "erp.sqlite", isolation_level=None)
    crm.executescript(SETUP)
    desk.source("erp", str(tmp_path / "erp.sqlite"), WAITING)

    def night(run_id: str) -> dict[str, list]:
        for entity in ("customer", "product", "sales_order", "sales_order_line"):
            desk.extract("erp", entity, run_id)
        return {
            "customers": evaluated(desk, evaluation, "customer_id, customer_name, is_inferred", "staging.stg_customer"),
            "products": evaluated(desk, evaluation, "product_id, product_family, is_inferred", "staging.stg_product"),
            "waiting": evaluated(desk, evaluation, "entity, waiting_count", "staging.base_waiting")[2:],
            "revenue": evaluated(desk, evaluation, "customer_id, revenue_12m", "intermediate.int_customer_sales"),
        }

    assert night("first") == {
        "customers": [("known", "Known", False), ("late", None, True)],
        "products": [("P1", "coil", False), ("P9", None, True)],
        # O2 was set aside for its date, O3 is not there: neither line is lost, neither counts
        "waiting": [("sales_order_line", 2)],
        "revenue": [("late", Decimal(4 + 9))],
    }
    assert desk.landed("sales_order_line", "order_id, line_number") == [("O1", 1), ("O1", 2), ("O2", 1), ("O3", 1)]
    crm.executescript(
        "insert into customers values ('late', 'Late'); insert into products values ('P9', 'wire');"
        " update orders set day = '2024-01-12' where id = 'O2';"
        " insert into orders values ('O3', 'known', '2024-01-13');"
    )
    crm.close()
    assert night("second") == {
        "customers": [("known", "Known", False), ("late", "Late", False)],
        "products": [("P1", "coil", False), ("P9", "wire", False)],
        "waiting": [("sales_order_line", 0)],
        "revenue": [("known", Decimal(16 + 25)), ("late", Decimal(13))],
    }


ORDERS = """
    kind: sqlite
    {prefix}
    entities:
      sales_order: {{table: orders, columns: {{order_id: id, customer_id: customer, ordered_on: day}}}}
"""


def test_without_a_prefix_the_gates_collision_is_found_and_with_one_it_is_not(desk, evaluation, tmp_path):
    with sqlite3.connect(tmp_path / "erp.sqlite") as connection:
        connection.executescript(
            "create table orders (id, customer, day);"
            "insert into orders values ('1', 'C', '2024-01-10'), ('2', 'C', '2024-01-10');"
        )
    connection.close()
    for name, prefix in (("erp", ""), ("apart", "id_prefix: 'asia:'"), ("same", "")):
        desk.source(name, str(tmp_path / "erp.sqlite"), ORDERS.format(prefix=prefix))
        desk.extract(name, "sales_order")

    def collisions(*sources: str) -> list:
        return evaluated(desk, evaluation, "entity_key, entity", "staging.base_key_collision", sources)

    assert collisions("erp", "apart") == []
    assert collisions("erp", "same") == [("(1)", "sales_order"), ("(2)", "sales_order")]
