"""Figures of flicker against counting by hand, on nights with holes, leavers and changes taken back."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from pipelines.trust.hysteresis import NothingToMeasure, measure
from tests.conftest import Warehouse

FIRST = date(2026, 1, 1)
TIERS = ("core", "important", "general")


@pytest.fixture
def nights(module_warehouse: Warehouse):
    with module_warehouse.engine.connect() as connection:
        connection.execute(
            sa.text(
                "create temporary table nights (as_of_date date, customer_id text, is_active boolean, tier_raw text,"
                " tier_computed text)"
            )
        )
        yield connection
        connection.rollback()


def _fill(connection: sa.Connection, rows: list[tuple[int, str, bool, str, str]]) -> None:
    names = ("as_of_date", "customer_id", "is_active", "tier_raw", "tier_computed")
    values = [dict(zip(names, (FIRST + timedelta(days=row[0]), *row[1:]), strict=True)) for row in rows]
    connection.execute(sa.text(f"insert into nights values ({', '.join(':' + name for name in names)})"), values)


def _measure(connection: sa.Connection):
    return measure(connection, "nights", date.min, date.max).flicker


def test_a_change_is_taken_back_within_thirty_days_and_no_later(nights):
    days = [0, 10, 40, 41, 80]
    tiers = {
        "back on day 30": ["core", "general", "core", "core", "core"],  # changed on 10, back on 40
        "back on day 31": ["core", "general", "general", "core", "core"],
        "stays": ["core", "general", "general", "general", "general"],
    }
    _fill(
        nights,
        [(day, name, True, tier, "core") for name, own in tiers.items() for day, tier in zip(days, own, strict=True)],
    )
    flicker = _measure(nights)
    without = flicker["without"]
    # day 40 and 41: the two changes back; the last night is 80, so they are judged too, and stay
    assert (without.changes, without.judged, without.reversed) == (5, 5, 1)
    assert without.customer_years == pytest.approx(3 * 80 / 365.25)
    assert flicker["with"].changes == 0
    assert flicker["with"].reversed_share is None


def test_who_is_not_active_or_missing_in_between_does_not_change(nights):
    rows = [
        (0, "left", True, "core", "core"),
        (1, "left", False, "general", "general"),
        (2, "left", True, "general", "general"),
    ]
    rows += [
        (0, "missing", True, "core", "core"),
        (2, "missing", True, "general", "general"),
        (1, "other", True, "core", "core"),
    ]
    _fill(nights, rows)
    assert _measure(nights)["without"].changes == 0
    assert _measure(nights)["without"].customer_years == 0


def test_random_histories_are_counted_as_by_hand(nights):
    dice = Random(3)
    days = sorted(dice.sample(range(120), 40))
    held = {(name, day): (dice.random() < 0.9, dice.choice(TIERS)) for name in "abcdefgh" for day in days}
    _fill(nights, [(day, name, active, tier, tier) for (name, day), (active, tier) in held.items()])
    changes = judged = taken_back = 0
    for name in "abcdefgh":
        for before, day in zip(days, days[1:], strict=False):
            (was_active, old), (is_active, new) = held[name, before], held[name, day]
            if not (was_active and is_active and old != new):
                continue
            changes += 1
            if day + 30 <= days[-1]:
                judged += 1
                taken_back += any(held[name, later] == (True, old) for later in days if day < later <= day + 30)
    found = _measure(nights)["with"]
    assert (found.changes, found.judged, found.reversed) == (changes, judged, taken_back)
    assert changes > 50


def test_one_night_shows_no_change_and_says_so(nights):
    _fill(nights, [(0, "a", True, "core", "core")])
    with pytest.raises(NothingToMeasure, match="1 nights"):
        measure(nights, "nights", date.min, date.max)
