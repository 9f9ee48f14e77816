"""The demo company is the same every time, and moved on it equals one built later."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pandas as pd
import pytest

from pipelines.demo import sales_system, service_system
from pipelines.demo.company import DemoSize, make_world, sales_tables, service_tables
from pipelines.demo.fulfilment import LOOK_BACK
from pipelines.demo.timeline import day_number, end_of

KEYS = {table.name: table.key for table in (*sales_system.TABLES, *service_system.TABLES)}
DAY = date(2026, 6, 28)


def digest(seed: int, until: date) -> str:
    """A hash over all bytes of both systems."""
    world = make_world(DemoSize(150, 6_000), seed)
    total = hashlib.sha256()
    for source in (sales_tables, service_tables):
        for name, columns in source(world, 0, end_of(day_number(until))):
            total.update(name.encode())
            for column, values in columns.items():
                total.update(column.encode() + values.tobytes())
    return total.hexdigest()


def merged(before: pd.DataFrame, arrived: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Rows by key, the later version over the earlier."""
    return pd.concat([before, arrived]).drop_duplicates(key, keep="last").sort_values(key).reset_index(drop=True)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert digest(7, DAY) == digest(7, DAY)
    assert digest(7, DAY) != digest(8, DAY)


@pytest.mark.parametrize("days", [1, 2, 45, 180])
def test_a_company_moved_on_equals_one_built_later(small, rows_between, days):
    later = DAY + timedelta(days=days)
    first, arrived, fresh = (
        rows_between(small, None, DAY),
        rows_between(small, DAY, later),
        rows_between(small, None, later),
    )
    for name, whole in fresh.items():
        key = list(KEYS[name])
        moved_on = merged(first[name], arrived[name], key)
        pd.testing.assert_frame_equal(moved_on, whole.sort_values(key).reset_index(drop=True), obj=name)


def test_every_key_is_unique(tables):
    for name, rows in tables.items():
        assert not rows.duplicated(list(KEYS[name])).any(), name


def test_no_row_is_stamped_later_than_it_is_known(tables):
    last = end_of(day_number(date(2026, 6, 30)))
    for name, rows in tables.items():
        stamp = next(column for column in ("aedat", "ModifiedAt", "EnteredAt") if column in rows)
        assert rows[stamp].max() <= last, name


def test_each_of_the_last_nights_brings_new_and_changed_rows(world, rows_between):
    for day in (date(2026, 6, 29), date(2026, 6, 30)):
        before = rows_between(world, None, day - timedelta(days=1))
        arrived = rows_between(world, day - timedelta(days=1), day)
        for name in ("vbak", "vbap", "lips", "vbrk", "zahlung", "tcurr", "Activity"):
            assert len(arrived[name]), name
        changed = {
            name: rows.merge(before[name][list(KEYS[name])], on=list(KEYS[name])).shape[0]
            for name, rows in arrived.items()
        }
        for name in ("kna1", "vbak", "vbrk", "vbkk", "Ticket"):
            assert changed[name], f"{name} on {day}"


def test_the_last_event_of_an_order_lies_within_the_look_back(small, rows_between):
    life = rows_between(small, None, date(2026, 12, 31))
    ordered = life["vbak"].set_index("vbeln")["audat"]
    invoiced = life["vbrk"].dropna(subset="aubel")
    paid = life["zahlung"].merge(invoiced[["vbeln_vf", "aubel"]], left_on="rebzg", right_on="vbeln_vf")
    assert (paid["augdt"] + 1 - paid["aubel"].map(ordered)).max() < LOOK_BACK
