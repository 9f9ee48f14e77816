"""Nothing after a slice's date enters its features, rates or record: future rows are planted, and nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines import evaluate
from pipelines.evaluate import Aside
from pipelines.warehouse.schema import LANDING
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.integration.risk import timing
from tests.reference.parameters import Company, Parameters

MODELS = ("churn_record", "churn_rate", "challenger_feature")
OUTCOMES = {"is_churned", "is_closed"}
# one row of each fact that a feature, a rate or a record could rest on
FACTS = ("sales_order", "sales_order_line", "delivery", "service_record", "interaction")


def company(as_of: date) -> Company:
    """Forty customers over five years with deliveries, complaints and contacts."""
    rows: Company = {entity: [] for entity in ("customer", "product", *FACTS)}
    rows["product"] = [{"product_id": "P", "product_name": "P", "product_family": "plate"}]
    for number in range(40):
        name = f"F{number:02d}"
        rows["customer"].append({"customer_id": name, "customer_name": name})
        day, step = as_of - timedelta(days=1825 - number), 17 + number
        while day <= as_of and not (number % 5 == 0 and day > as_of - timedelta(days=900 - 20 * number)):
            # of every tenth customer nothing was ever delivered
            _order(rows, name, day, late=number % 3 == 0, is_delivered=number % 10 != 1)
            day += timedelta(days=step)
        for back in range(30 + number, 1800, 190):
            opened = as_of - timedelta(days=back)
            _complain(rows, name, opened, closed=opened + timedelta(days=9) if back % 2 else None)
            rows["interaction"].append(
                {"interaction_id": f"I{name}{back}", "customer_id": name, "occurred_on": opened, "channel": "call"}
            )
    return rows


def _order(
    rows: Company, customer: str, day: date, late: bool, promised: date | None = None, is_delivered: bool = True
) -> None:
    order = f"O{len(rows['sales_order'])}{customer}{day:%y%m%d}"
    promised = promised or day + timedelta(days=14)
    rows["sales_order"].append({"order_id": order, "customer_id": customer, "ordered_on": day})
    rows["sales_order_line"].append(
        {
            "order_id": order, "line_number": 1, "product_id": "P", "quantity": Decimal(3), "unit_price": Decimal(9),
            "unit_cost": Decimal(5), "promised_on": promised,
        }
    )  # fmt: skip
    if not is_delivered:
        return
    rows["delivery"].append(
        {
            "delivery_id": f"L{order}", "order_id": order, "line_number": 1, "quantity": Decimal(3),
            "delivered_on": max(day, promised + timedelta(days=5 if late else -1)),
        }
    )  # fmt: skip


def _complain(rows: Company, customer: str, opened: date, closed: date | None) -> None:
    rows["service_record"].append(
        {
            "service_id": f"V{len(rows['service_record'])}{customer}{opened:%y%m%d}", "customer_id": customer,
            "kind": "complaint", "severity": 4, "opened_on": opened, "closed_on": closed,
        }
    )  # fmt: skip


def planted(day: date) -> Company:
    """Rows of every fact from a day on, some of which claim to belong to the time before it."""
    rows: Company = {entity: [] for entity in FACTS}
    for number in range(40):
        name, at = f"F{number:02d}", day + timedelta(days=number % 7)
        # ordered now for a day long past: the promise counts from today
        _order(rows, name, at, late=True, promised=day - timedelta(days=40))
        _order(rows, name, at, late=False)
        _complain(rows, name, at, closed=None)
        rows["interaction"].append(
            {"interaction_id": f"J{name}", "customer_id": name, "occurred_on": at, "channel": "visit"}
        )
    return rows


def plant(warehouse: Warehouse, rows: Company, day: date) -> None:
    """Land further rows, deliver old lines again or at last, and close every open complaint on the day."""
    with warehouse.engine.begin() as connection:
        for entity, ones in rows.items():
            table = LANDING[entity]
            lineage = {"source_system": driver.SOURCE, "extracted_at": driver.NOW}
            names = [column.name for column in table.columns]
            connection.execute(sa.insert(table), [{name: (row | lineage).get(name) for name in names} for row in ones])
        connection.execute(
            sa.text("update landing.service_record set closed_on = :day where closed_on is null and opened_on < :day"),
            {"day": day},
        )
        connection.execute(
            sa.text(
                "insert into landing.delivery select source_system, 'again' || delivery_id, order_id, line_number,"
                " cast(:day as date), quantity, updated_at, extracted_at from landing.delivery"
                " where delivered_on < :day"
            ),
            {"day": day},
        )
        connection.execute(
            sa.text(
                "insert into landing.delivery select source_system, 'at last' || order_id, order_id, line_number,"
                " cast(:day as date), quantity, updated_at, extracted_at from landing.sales_order_line as line"
                " where not exists (select from landing.delivery where delivery.order_id = line.order_id)"
            ),
            {"day": day},
        )


Read = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def evaluation(module_warehouse: Warehouse) -> Iterator[tuple[Warehouse, Aside]]:
    """The company with its slices, before anything is planted."""
    timing.load_rules(module_warehouse)
    driver.land(module_warehouse.engine, company(timing.AS_OF))
    driver.set_night(module_warehouse.engine, Parameters(timing.AS_OF))
    with evaluate.aside(module_warehouse.settings, module_warehouse.engine, "measurement") as aside:
        yield module_warehouse, aside


def _state(warehouse: Warehouse, aside: Aside) -> dict[str, list[dict[str, Any]]]:
    aside.run(for_models=MODELS)
    names = ("slices.churn_slice", "slices.churn_situation", "challenger.challenger_feature", "churn.churn_rate",
             "churn.churn_tier_group", "churn.churn_record")  # fmt: skip
    return {name: driver.read(warehouse.engine, aside.relation(name)) for name in names}


def _until(state: dict[str, list[dict[str, Any]]], day: date, horizon: int = 180) -> dict[str, set[Any]]:
    """What may not move: features, rates and groups of slices up to the day, records whose outcome had closed by it."""
    slices = {row["slice"]: row["snapshot_on"] for row in state["slices.churn_slice"]}
    known = {one for one, snapshot in slices.items() if snapshot <= day}
    closed = {one for one, snapshot in slices.items() if snapshot + timedelta(days=horizon) <= day}

    def kept(name: str, slice_column: str, chosen: set[int], without: set[str]) -> set[Any]:
        return {
            tuple(sorted((column, str(value)) for column, value in row.items() if column not in without))
            for row in state[name]
            if row[slice_column] in chosen
        }

    return {
        "situation": kept("slices.churn_situation", "slice", known, OUTCOMES),
        "feature": kept("challenger.challenger_feature", "slice", known, OUTCOMES),
        "rate": kept("churn.churn_rate", "for_slice", known, set()),
        "group": kept("churn.churn_tier_group", "slice", known, set()),
        "record": kept("churn.churn_record", "slice", closed, set()),
        "prediction": kept("churn.churn_record", "slice", known, OUTCOMES),
    }


def test_nothing_of_an_earlier_slice_moves_when_later_rows_arrive(evaluation):
    warehouse, aside = evaluation
    day = timing.AS_OF - timedelta(days=300)
    before = _state(warehouse, aside)
    plant(warehouse, planted(day + timedelta(days=1)), day + timedelta(days=1))
    after = _state(warehouse, aside)
    still, moved = _until(before, day), _until(after, day)
    for name, rows in still.items():
        assert rows, name
        assert moved[name] == rows, name
    # the test would see a leak: what lies after the day did move
    for name in ("slices.churn_situation", "challenger.challenger_feature"):
        assert {str(row) for row in before[name]} != {str(row) for row in after[name]}, name
    assert _until(before, timing.AS_OF)["record"] != _until(after, timing.AS_OF)["record"]
