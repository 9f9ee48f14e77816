"""A published night replayed from what was known: equal, or different by rows that came late, which are named."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.evaluate.replay import ReplayRefused, replay_night
from pipelines.explain.scored import NotPublished
from pipelines.night import steps
from pipelines.trust.hysteresis import measure_evaluated
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.reference.companies import AS_OF_DATES, make_company, write_folder

SEED = 4
FIRST = AS_OF_DATES[SEED]
SECOND = FIRST + timedelta(days=31)
STANDING = (
    "control.night", "control.previous_night", "control.tier_support", "candidates.customer_tier",
    "published.customer_tier_history", "publication.current_night",
)  # fmt: skip


def _digests(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.engine.connect() as connection:
        return {
            name: connection.scalar(sa.text(f"select md5(string_agg(t::text, '|' order by t::text)) from {name} as t"))
            for name in STANDING
        }


@pytest.fixture(scope="module")
def nights(module_warehouse: Warehouse, tmp_path_factory) -> Iterator[tuple[Warehouse, str]]:
    """Two nights a month apart; then a sale of the first month comes late and another's price is mended.

    Gives the warehouse and the customer of the late rows.
    """
    company = make_company(SEED, FIRST)
    folder: Path = tmp_path_factory.mktemp("late") / "source"
    write_folder(company, folder)
    with driver.settings_for(folder, module_warehouse.settings.warehouse_database):
        for as_of in (FIRST, SECOND):
            steps.run_night(f"night of {as_of}", as_of, [driver.SOURCE])
        with module_warehouse.engine.begin() as connection:
            order = connection.execute(
                sa.text(
                    "select o.order_id, o.customer_id, l.product_id from landing.sales_order as o"
                    " join landing.sales_order_line as l using (source_system, order_id)"
                    " where o.source_system = 'canonical' and o.ordered_on <= :first"
                    " and not coalesce(o.is_cancelled, false)"
                    " and not coalesce(l.is_cancelled, false) and o.ordered_on > :since order by 1 limit 1"
                ),
                {"first": FIRST, "since": FIRST - timedelta(days=300)},
            ).one()
        late = deepcopy(company)
        for number, day in ((901, FIRST), (902, FIRST + timedelta(days=5))):
            late["sales_order_line"].append({
                "order_id": f"LATE{number}", "line_number": 1, "product_id": order.product_id,
                "quantity": Decimal(500), "unit_price": Decimal(90), "unit_cost": Decimal(30),
            })  # fmt: skip
            late["sales_order"].append(
                {"order_id": f"LATE{number}", "customer_id": order.customer_id, "ordered_on": day}
            )
        write_folder(late, folder)
        steps.run_night("late", SECOND + timedelta(days=1), [driver.SOURCE])
        yield module_warehouse, order.customer_id


def test_both_nights_come_out_as_published_and_nothing_else_is_touched(nights):
    warehouse, _ = nights
    before = _digests(warehouse)
    for as_of in (FIRST, SECOND):
        found = replay_night(warehouse.settings, warehouse.engine, as_of)
        assert found.is_equal, found.differences[:10]
        assert found.late == ()
        assert found.notes == ()
        assert {one.table for one in found.compared} >= {"customer_tier_history", "scope_tier", "tier_summary"}
        assert all(one.rows_published == one.rows_rebuilt > 0 for one in found.compared if one.table.startswith("cust"))
    assert _digests(warehouse) == before
    assert not any(name.startswith("replay_") for name in sa.inspect(warehouse.engine).get_schema_names())


def test_as_known_now_the_late_rows_and_whom_they_move_are_named(nights):
    warehouse, customer = nights
    found = replay_night(warehouse.settings, warehouse.engine, FIRST, datetime.now(UTC))
    assert not found.is_equal
    late = {(row.entity, row.key, row.change, row.dated_on, row.customer_id) for row in found.late}
    # the sale of a later day does not exist for this night
    assert late == {
        ("sales_order", "LATE901", "new", FIRST, customer),
        ("sales_order_line", "LATE901/1", "new", FIRST, customer),
    }
    assert all(row.known_from > found.published_at for row in found.late)
    assert customer in found.customers
    volumes = [one for one in found.differences if one.column == "volume_12m" and one.table == "customer_tier_history"]
    assert [(one.key, one.rebuilt - one.published) for one in volumes] == [((customer,), 500)]
    assert found.late_by_customer() == {customer: 2}


def test_an_override_counts_from_when_it_was_known(nights):
    warehouse, customer = nights
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into control.tier_override (customer_id, tier, reason, author, starts_on, expires_on)"
                " values (:customer, 'general', 'entered afterwards', 'test', :first, :first)"
            ),
            {"customer": customer, "first": FIRST},
        )
    assert replay_night(warehouse.settings, warehouse.engine, FIRST).is_equal
    found = replay_night(warehouse.settings, warehouse.engine, FIRST, datetime.now(UTC), keep=True)
    reasons = [one for one in found.differences if one.column == "override_reason"]
    assert [(one.published, one.rebuilt) for one in reasons] == [(None, "entered afterwards")]
    with warehouse.engine.begin() as connection:
        kept = connection.scalar(sa.text("select count(*) from replay_candidates.customer_tier"))
        connection.execute(sa.text("delete from control.tier_override"))
    assert kept == next(one.rows_rebuilt for one in found.compared if one.table == "customer_tier_history")


def test_a_value_that_was_published_otherwise_is_found(nights):
    """A replay that cannot fail proves nothing: one published digit is changed behind its back."""
    warehouse, customer = nights
    change = (
        "update published.customer_tier_history set value_score = value_score {} 1"
        " where customer_id = :customer and as_of_date = :day"
    )
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text(change.format("+")), {"customer": customer, "day": FIRST})
    found = replay_night(warehouse.settings, warehouse.engine, FIRST)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text(change.format("-")), {"customer": customer, "day": FIRST})
    assert [(one.table, one.key, one.column) for one in found.differences] == [
        ("customer_tier_history", (customer,), "value_score")
    ]


def test_what_cannot_be_replayed_is_refused(nights):
    warehouse, _ = nights
    with pytest.raises(NotPublished, match="next to it"):
        replay_night(warehouse.settings, warehouse.engine, FIRST + timedelta(days=3))
    with pytest.raises(ReplayRefused, match="or a later one"):
        replay_night(warehouse.settings, warehouse.engine, FIRST, datetime(2020, 1, 1, tzinfo=UTC))


def test_dates_evaluated_for_hysteresis_publish_nothing(nights):
    warehouse, _ = nights
    before = _digests(warehouse)
    seen: list[date] = []
    first = FIRST - timedelta(days=40)
    effect = measure_evaluated(warehouse.settings, warehouse.engine, first, FIRST, 10, seen.append)
    assert seen == [first + timedelta(days=10 * number) for number in range(5)]
    assert (effect.first, effect.last, effect.nights) == (first, FIRST, 5)
    assert 0 <= effect.flicker["with"].changes <= effect.flicker["without"].changes
    assert effect.flicker["with"].customer_years > 0
    assert _digests(warehouse) == before
