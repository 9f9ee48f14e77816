"""What a mapping may say of rows: deletion marks, ids of two systems kept apart, constants."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from pipelines.extract import ExtractionError, Reach, extract_source
from tests.integration.extracting import desk_for

MAPPING = """
    kind: sqlite
    entities:
      customer:
        table: kna1
        {marker}
        deletion: {deletion}
        columns: {{customer_id: kunnr, customer_name: name1}}
"""
MARKED = "change_marker: {column: aedat, type: timestamp, overlap_minutes: 60}"


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def erp(tmp_path):
    connection = sqlite3.connect(tmp_path / "erp.sqlite", isolation_level=None)
    connection.execute("create table kna1 (kunnr text, name1 text, loekz text, aedat text)")
    yield connection
    connection.close()


def customers(erp, *rows: tuple) -> None:
    """Insert customers: (number, name, deletion flag, change marker)."""
    erp.executemany("insert into kna1 values (?, ?, ?, ?)", rows)


def place(desk, tmp_path, marker: str = MARKED, deletion: str = "{flag: loekz, values: X}") -> None:
    desk.source("erp", str(tmp_path / "erp.sqlite"), MAPPING.format(marker=marker, deletion=deletion))


@pytest.mark.parametrize("marker", [MARKED, ""], ids=["incremental", "whole"])
def test_a_row_marked_as_deleted_leaves_landing_for_the_history_and_is_accounted_for(desk, erp, tmp_path, marker):
    place(desk, tmp_path, marker)
    customers(erp, *[(f"C{n}", "Name", "", "2024-01-31 10:00") for n in range(4)], ("C9", "x", "X", "2024-01-31 10:00"))
    first = desk.extract("erp", "customer")
    assert (first.rows_read, first.rows_landed, first.rows_unchanged, first.rows_held) == (5, 4, 1, 4)
    # a deleted row may have lost everything but its key
    erp.execute("update kna1 set loekz = 'X', name1 = null, aedat = '2024-01-31 12:00' where kunnr = 'C1'")
    second = desk.extract("erp", "customer", "second")
    assert (second.rows_read, second.rows_landed, second.rows_unchanged, second.rows_deleted) == (5, 1, 4, 1)
    assert second.rows_rejected == 0
    assert desk.landed("customer", "customer_id") == [("C0",), ("C2",), ("C3",)]
    history = "key, row ->> 'customer_name', superseded_by"
    assert desk.rows(f"select {history} from landing.landing_history") == [("C1", "Name", "delete")]
    third = desk.extract("erp", "customer", "third")
    assert (third.rows_read, third.rows_landed, third.rows_unchanged, third.rows_deleted) == (5, 0, 5, 0)
    erp.execute("update kna1 set loekz = '', name1 = 'Back', aedat = '2024-01-31 13:00' where kunnr = 'C1'")
    assert desk.extract("erp", "customer", "fourth").rows_landed == 1
    assert desk.landed("customer", "customer_id, customer_name")[1] == ("C1", "Back")


def test_a_marked_row_moves_the_watermark(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, ("C1", "A", "", "2024-01-31 10:00"), ("C2", "B", "X", "2024-01-31 12:00"))
    assert desk.extract("erp", "customer").marker_after == "2024-01-31T04:00:00+00:00"


def test_a_key_that_comes_alive_and_marked_in_one_pull_is_alive(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, ("C1", "Old", "", "2024-01-31 10:00"))
    desk.extract("erp", "customer")
    erp.execute("update kna1 set loekz = 'X', aedat = '2024-01-31 10:30'")
    customers(erp, ("C1", "New", "", "2024-01-31 10:30"))
    second = desk.extract("erp", "customer", "second")
    assert (second.rows_read, second.rows_landed, second.rows_unchanged, second.rows_deleted) == (2, 1, 1, 0)
    assert desk.landed("customer", "customer_name") == [("New",)]


@pytest.mark.parametrize("held", ["2024-01-31 10:30", "2999-01-01 00:00"], ids=["committed late", "dated ahead"])
def test_a_mark_removes_the_version_held_whatever_their_markers_say(desk, erp, tmp_path, held):
    place(desk, tmp_path)
    customers(erp, ("C1", "New", "", held), ("C2", "Other", "", "2024-01-31 10:30"))
    desk.extract("erp", "customer")
    erp.execute("update kna1 set loekz = 'X', aedat = '2024-01-31 10:00' where kunnr = 'C1'")
    assert desk.extract("erp", "customer", "second").rows_deleted == 1
    assert desk.landed("customer", "customer_id") == [("C2",)]


def test_a_marked_row_without_a_key_is_set_aside_and_one_set_aside_before_is_forgotten(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, ("C1", None, "", "2024-01-31 10:00"), (None, "x", "X", "2024-01-31 10:00"))
    desk.extract("erp", "customer")
    assert desk.rejected() == [("", "customer_id is missing"), ("C1", "customer_name is missing")]
    erp.execute("update kna1 set loekz = 'X', aedat = '2024-01-31 10:30' where kunnr = 'C1'")
    desk.extract("erp", "customer", "second")
    assert desk.rejected() == [("", "customer_id is missing")]


def test_a_bad_row_with_a_marked_copy_stays_set_aside_since_when_it_was(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, ("C1", None, "", "2024-01-31 10:00"), ("C2", "Other", "", "2024-01-31 10:00"))
    desk.extract("erp", "customer")
    before = desk.rejected("key, first_rejected_at")
    customers(erp, ("C1", "x", "X", "2024-01-31 10:00"))
    assert desk.extract("erp", "customer", "second").rows_rejected == 1
    assert desk.rejected("key, first_rejected_at") == before


def test_marks_on_most_rows_are_refused_and_change_nothing(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, *[(f"C{n}", "Name", "", "2024-01-31 10:00") for n in range(200)])
    desk.extract("erp", "customer")
    erp.execute("update kna1 set loekz = 'X', aedat = '2024-01-31 12:00' where kunnr < 'C2'")
    with pytest.raises(ExtractionError, match="112 of 200 landed rows are no longer delivered"):
        desk.extract("erp", "customer", "second")
    assert desk.scalar("select count(*) from landing.customer") == 200


def test_a_backfill_removes_what_is_marked_and_of_an_entity_without_marker_what_is_gone(desk, erp, tmp_path):
    place(desk, tmp_path)
    customers(erp, *[(f"C{n}", "Name", "", f"2024-01-0{n} 10:00") for n in range(1, 6)])
    desk.extract("erp", "customer")
    # long before the watermark: one is marked, one is gone without a mark
    erp.execute("update kna1 set loekz = 'X' where kunnr = 'C1'")
    erp.execute("delete from kna1 where kunnr = 'C2'")
    desk.start("backfill")
    reach = Reach(back_to=datetime(2024, 1, 1, tzinfo=UTC))
    (result,) = extract_source(desk.settings, desk.engine, "erp", "backfill", ["customer"], reach)
    assert (result.rows_deleted, result.is_full_pull) == (1, False)
    assert desk.landed("customer", "customer_id") == [("C2",), ("C3",), ("C4",), ("C5",)]
    place(desk, tmp_path, marker="")
    desk.start("again")
    (result,) = extract_source(desk.settings, desk.engine, "erp", "again", ["customer"], reach)
    assert (result.rows_deleted, result.is_full_pull) == (1, True)
    assert desk.landed("customer", "customer_id") == [("C3",), ("C4",), ("C5",)]


@pytest.mark.parametrize(
    ("deletion", "alive", "marked"),
    [
        ("{flag: loekz}", ["0", "", None, "No", "f"], ["1", "TRUE", "y"]),
        ("{flag: loekz, values: any}", ["", None], ["2024-01-31", "0", "x"]),
        ("{flag: loekz, values: [D, X]}", ["", None, "x", "1"], ["D", "X"]),
    ],
)
def test_what_counts_as_a_mark_is_the_mappings(desk, erp, tmp_path, deletion, alive, marked):
    place(desk, tmp_path, "", deletion)
    customers(erp, *[(f"A{n}", "alive", flag, None) for n, flag in enumerate(alive)])
    customers(erp, *[(f"D{n}", "deleted", flag, None) for n, flag in enumerate(marked)])
    result = desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_name") == [("alive",)] * len(alive)
    assert (result.rows_unchanged, result.rows_rejected) == (len(marked), 0)


def test_a_mark_that_is_neither_yes_nor_no_sets_its_row_aside_and_a_missing_column_is_named(desk, erp, tmp_path):
    place(desk, tmp_path, "", "{flag: loekz}")
    customers(erp, ("C1", "A", "gone?", None), ("C2", "B", None, None))
    desk.extract("erp", "customer")
    assert desk.landed("customer", "customer_id") == [("C2",)]
    assert desk.rejected() == [("C1", "the deletion flag loekz is no yes or no: give its values in the mapping")]
    place(desk, tmp_path, "", "{flag: lokz}")
    with pytest.raises(ExtractionError, match=r"has no column 'lokz' \(for deletion in .*did you mean loekz\?"):
        desk.extract("erp", "customer")


ORDERS = """
    kind: sqlite
    {prefix}
    entities:
      sales_order:
        table: kna1
        columns: {{order_id: kunnr, customer_id: name1, ordered_on: {{constant: 2024-01-31}}, salesperson_id: loekz,
                   currency: {{constant: USD}}}}
"""


def test_a_constant_currency_lands_on_every_row(desk, erp, tmp_path):
    customers(erp, ("1", "C", "S", None), ("2", "C", "S", None))
    desk.source("erp", str(tmp_path / "erp.sqlite"), ORDERS.format(prefix=""))
    desk.extract("erp", "sales_order")
    assert desk.landed("sales_order", "order_id, currency") == [("1", "USD"), ("2", "USD")]


def test_two_systems_with_the_same_numbers_are_kept_apart_by_a_prefix(desk, erp, tmp_path):
    customers(erp, ("1", "C", "S", None), ("2", None, "S", None))
    desk.source("erp", str(tmp_path / "erp.sqlite"), ORDERS.format(prefix=""))
    prefix = "id_prefix: {text: 'asia:', shared: [salesperson_id]}"
    desk.source("erp2", str(tmp_path / "erp.sqlite"), ORDERS.format(prefix=prefix))
    for source in ("erp", "erp2"):
        desk.extract(source, "sales_order")
    assert desk.landed("sales_order", "source_system, order_id, customer_id, salesperson_id") == [
        ("erp", "1", "C", "S"),
        ("erp2", "asia:1", "asia:C", "S"),
    ]
    # a row set aside carries the key as it would have landed, and the row as it was delivered
    assert desk.rejected("source_system, key, row ->> 'order_id'") == [("erp", "2", "2"), ("erp2", "asia:2", "2")]
    erp.execute("update kna1 set name1 = 'C' where kunnr = '2'")
    desk.extract("erp2", "sales_order", "second")
    assert desk.landed("sales_order", "order_id")[-1] == ("asia:2",)
    assert desk.rejected("source_system") == [("erp",)]
