"""Versions of a row: what became of a key between nights, with no gap, no overlap and one current row.

Two changes in one night, changed and changed back, backdated by the change marker and by the business date.
"""

from __future__ import annotations

import sqlite3
from itertools import pairwise

import pytest

from tests.integration.extracting import Desk, desk_for

MAPPING = """
    kind: sqlite
    time_zone: UTC
    entities:
      customer:
        table: customers
        change_marker: {column: changed, overlap_minutes: 120}
        deletion: {reconcile_every_nights: 7}
        columns: {customer_id: id, customer_name: name}
      account_assignment:
        table: assignments
        columns: {customer_id: id, valid_from_on: begins, account_manager_id: manager}
"""


class Crm:
    """A source and the nights that pull from it."""

    def __init__(self, desk: Desk, connection: sqlite3.Connection) -> None:
        self.desk, self.at_source, self.nights = desk, connection.executescript, 0

    def change(self, name: str, marker: str) -> None:
        self.at_source(f"update customers set name = '{name}', changed = '2024-01-{marker}' where id = 'C1'")

    def night(self, entity: str = "customer"):
        self.nights += 1
        self.desk.start(f"n{self.nights}", f"2024-02-{self.nights:02}")
        return self.desk.extract("crm", entity, f"n{self.nights}")

    def versions(self) -> list[str]:
        """All names that C1 was ever known by, and the proof that they follow each other without gap or overlap."""
        known = "row ->> 'customer_name', known_from, known_to"
        past = self.desk.rows(f"select {known} from landing.landing_history where key = 'C1' order by known_from")
        now = self.desk.rows("select customer_name, extracted_at, null from landing.customer where customer_id = 'C1'")
        assert len(now) <= 1
        versions = past + now
        for (_, begun, ended), (_, next_begun, _) in pairwise(versions):
            assert begun < ended == next_begun
        return [name for name, _, _ in versions]


@pytest.fixture
def crm(module_warehouse, tmp_path):
    desk = desk_for(module_warehouse, tmp_path)
    connection = sqlite3.connect(tmp_path / "crm.sqlite", isolation_level=None)
    connection.executescript(
        "create table customers (id primary key, name, changed); create table assignments (id, begins, manager);"
        "insert into customers values ('C1', 'first', '2024-01-10 12:00'), ('C2', 'other', '2024-01-20 12:00');"
        "insert into assignments values ('C1', '2023-01-01', 'Li'), ('C2', '2023-01-01', 'Li');"
    )
    desk.source("crm", str(tmp_path / "crm.sqlite"), MAPPING)
    yield Crm(desk, connection)
    connection.close()


def test_of_two_changes_in_one_night_the_last_is_known(crm):
    crm.night()
    crm.change("never seen", "20 12:10")
    crm.change("second", "20 12:20")
    assert crm.night().rows_landed == 1
    assert crm.versions() == ["first", "second"]


def test_changed_and_changed_back_before_the_night_is_no_change_and_across_nights_two(crm):
    crm.night()
    crm.change("second", "20 12:10")
    crm.change("first", "20 12:20")
    unmoved = crm.night()
    assert (unmoved.rows_landed, unmoved.rows_unchanged) == (0, 2)
    assert crm.versions() == ["first"]
    crm.change("second", "20 12:30")
    crm.night()
    crm.change("first", "20 12:40")
    crm.night()
    assert crm.versions() == ["first", "second", "first"]


def test_a_change_with_an_earlier_marker_than_the_version_held_lands_where_the_overlap_reaches_it(crm, note_fault):
    crm.change("first", "20 11:50")
    before = crm.night().marker_after
    crm.change("backdated", "20 11:00")
    result = crm.night()
    assert (result.rows_landed, result.marker_after) == (1, before), "the watermark never goes back"
    assert crm.versions() == ["first", "backdated"]
    crm.change("later", "20 11:30")
    crm.night()
    assert crm.versions() == ["first", "backdated", "later"]
    note_fault("B27", "changes, reverts and backdated changes of a key", 3, 3)


def test_a_change_backdated_beyond_the_overlap_is_found_by_the_reconciliation_and_reported(crm):
    crm.night()
    crm.change("backdated", "01 00:00")
    nights = [crm.night() for _ in range(7)]
    assert [night.rows_landed for night in nights] == [0, 0, 0, 0, 0, 0, 1]
    assert nights[-1].rows_missed == 1
    assert crm.versions() == ["first", "backdated"]


def test_deleted_and_back_again_leaves_a_gap_in_which_it_was_not_known(crm):
    crm.night()
    crm.at_source("delete from customers where id = 'C1'")
    for _ in range(7):
        crm.night()
    crm.at_source("insert into customers values ('C1', 'back', '2024-01-20 13:00')")
    crm.night()
    ((ended, by),) = crm.desk.rows("select known_to, superseded_by from landing.landing_history where key = 'C1'")
    ((begun,),) = crm.desk.rows("select extracted_at from landing.customer where customer_id = 'C1'")
    assert (by, ended < begun) == ("delete", True)


def test_a_change_of_the_business_date_in_the_key_replaces_the_row_and_keeps_the_old_one(crm):
    """An assignment that turns out to have begun earlier: another key, so the old one goes and the new one comes."""
    crm.night("account_assignment")
    crm.at_source("update assignments set begins = '2022-07-01' where id = 'C1'")
    result = crm.night("account_assignment")
    assert (result.rows_landed, result.rows_deleted, result.rows_held) == (1, 1, 2)
    assert crm.desk.landed("account_assignment", "customer_id, valid_from_on::text") == [
        ("C1", "2022-07-01"), ("C2", "2023-01-01"),
    ]  # fmt: skip
    history = "replace(key, chr(31), ' '), superseded_by"
    assert crm.desk.rows(f"select {history} from landing.landing_history") == [("C1 2023-01-01", "delete")]
