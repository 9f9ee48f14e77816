"""Tiers that persons set: what is entered, what is refused, what holds on which day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import overrides
from pipelines.overrides import Override, OverrideRefused
from pipelines.warehouse.schema import TIER_OVERRIDE
from tests.conftest import Warehouse

DAY = timedelta(days=1)


@pytest.fixture
def entering(module_warehouse: Warehouse):
    """A transaction on a warehouse with two landed customers, undone afterwards; today."""
    with module_warehouse.engine.connect() as connection:
        for customer in ("A", "a", "B"):
            connection.execute(
                sa.text(
                    "insert into landing.customer (source_system, customer_id, customer_name, extracted_at)"
                    " values ('s', :customer, 'name', now())"
                ),
                {"customer": customer},
            )
        yield connection, module_warehouse.settings, overrides.business_date(module_warehouse.settings)
        connection.rollback()


def _one(today: date, **changed: object) -> Override:
    return replace(Override("A", "core", "patron", "mei", today, today + 30 * DAY), **changed)


def test_an_override_is_entered_with_its_time_and_listed(entering):
    connection, settings, today = entering
    assert overrides.enter(connection, settings, [_one(today)]) == 1
    (listed,) = overrides.list_all(connection, today)
    assert (listed.customer_id, listed.tier, listed.reason, listed.author, listed.state) == (
        "A", "core", "patron", "mei", "holds"
    )  # fmt: skip
    assert connection.scalar(sa.select(TIER_OVERRIDE.c.created_at)) is not None
    # the same again changes nothing
    assert overrides.enter(connection, settings, [_one(today)]) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"customer_id": "nobody"}, "neither landed nor published"),
        ({"customer_id": "b"}, "case included"),
        ({"tier": "value"}, "it has core, important, general"),
        ({"reason": "  "}, "reason is empty"),
        ({"author": ""}, "author is empty"),
        ({"expires_on": -1}, "lies before the first"),
        ({"starts_on": -20, "expires_on": -1}, "is over"),
        ({"expires_on": 2000}, "more than three years"),
    ],
)
def test_what_cannot_hold_is_refused_with_its_cure(entering, changed, message):
    connection, settings, today = entering
    dated = {name: today + value * DAY if isinstance(value, int) else value for name, value in changed.items()}
    with pytest.raises(OverrideRefused, match=message):
        overrides.enter(connection, settings, [_one(today, **dated)])


def test_an_override_of_one_day_that_is_today_is_no_mistake(entering):
    connection, settings, today = entering
    assert overrides.enter(connection, settings, [_one(today, expires_on=today)]) == 1


@pytest.mark.parametrize(
    ("begins", "ends", "overlaps"), [(30, 40, True), (31, 40, False), (-9, -1, None), (-9, 0, True)]
)
def test_a_day_in_common_is_an_overlap_and_must_be_allowed(entering, begins, ends, overlaps):
    connection, settings, today = entering
    overrides.enter(connection, settings, [_one(today)])
    other = _one(today, tier="important", starts_on=today + begins * DAY, expires_on=today + ends * DAY)
    if overlaps is False:
        assert overrides.enter(connection, settings, [other]) == 1
        return
    with pytest.raises(OverrideRefused, match="the one begun last counts" if overlaps else "is over"):
        overrides.enter(connection, settings, [other])
    if overlaps:
        assert overrides.enter(connection, settings, [other], may_overlap=True) == 1


def test_two_that_overlap_in_one_entry_are_refused_too(entering):
    connection, settings, today = entering
    both = [_one(today, where="f:2"), _one(today, tier="general", where="f:3")]
    with pytest.raises(OverrideRefused, match="^f:3: override"):
        overrides.enter(connection, settings, both)


def test_an_override_ended_early_holds_to_its_new_last_day_and_frees_the_days_after(entering):
    connection, settings, today = entering
    overrides.enter(connection, settings, [_one(today, starts_on=today - 9 * DAY)])
    (number,) = [one.override_id for one in overrides.list_all(connection, today)]
    for last_day, author, message in (
        (today + 30 * DAY, "mei", "expires on"), (today, " ", "author is empty"),
    ):  # fmt: skip
        with pytest.raises(OverrideRefused, match=message):
            overrides.end(connection, number, author, last_day)
    overrides.end(connection, number, "li", today - DAY)
    assert overrides.list_all(connection, today)[0].state == "ended"
    assert overrides.list_all(connection, today - DAY)[0].state == "holds"
    with pytest.raises(OverrideRefused, match="ended before, by li"):
        overrides.end(connection, number, "li", today - 2 * DAY)
    with pytest.raises(OverrideRefused, match="there is no override -1"):
        overrides.end(connection, -1, "li", today)
    assert overrides.enter(connection, settings, [_one(today, tier="general")]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("customer_id,tier\nA,core\n", r":1: the columns are customer_id, tier; write customer_id, tier, reason"),
        ("customer_id,tier,reason,author,starts_on,expires_on\nA,core,r,m,2026-1-1,2026-02-30\n", ":2: "),
        ("customer_id,tier,reason,author,starts_on,expires_on\nA,core,r\n", ":2: the line does not have 6 values"),
    ],
)
def test_a_faulty_file_is_refused_with_file_and_line(tmp_path: Path, text, message):
    file = tmp_path / "overrides.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(OverrideRefused, match=message):
        overrides.read_file(file)
    with pytest.raises(OverrideRefused, match="cannot be read"):
        overrides.read_file(tmp_path / "missing.csv")


def test_a_file_is_read_as_a_spreadsheet_writes_it(tmp_path: Path):
    file = tmp_path / "overrides.csv"
    header = "\ufeffexpires_on,customer_id,tier,reason,author,starts_on"
    text = header + '\r\n2026-12-31,客户甲,core,"line 1\nline 2",mei,2026-01-01\r\n'
    file.write_text(text, "utf-8", newline="")
    (one,) = overrides.read_file(file)
    assert (one.customer_id, one.reason, one.starts_on) == ("客户甲", "line 1\nline 2", date(2026, 1, 1))
