"""What a mail tells of a customer's orders: 24 months of them, the last one whenever it was."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from pipelines.alert.story import _orders

AS_OF = date(2026, 6, 30)


def day(text: str, volume: int | None = 1, margin: int | None = 2) -> SimpleNamespace:
    return SimpleNamespace(ordered_on=date.fromisoformat(text), volume=volume, costed_margin=margin)


def test_the_usual_gap_is_the_median_of_24_months_and_older_orders_count_in_nothing():
    days = [day("2020-01-01"), day("2024-06-30", 50, 50), day("2024-07-01"), day("2024-07-11"), day("2026-06-01")]
    found = _orders(AS_OF, days)
    assert found["months"][0] == "2024-07"
    assert found["months"][-1] == "2026-06"
    assert found["usual_gap_days"] == round((10 + 690) / 2)
    assert found["days"] == ["2024-07-01", "2024-07-11", "2026-06-01"]
    assert (found["volume"][0], found["margin"][0], sum(found["volume"])) == (2, 4, 3)
    assert (found["last_on"], found["days_since"]) == ("2026-06-01", 29)


def test_one_order_has_no_usual_gap_and_none_no_last_one():
    assert _orders(AS_OF, [day("2026-06-30", None, None)])["usual_gap_days"] is None
    assert (_orders(AS_OF, [])["last_on"], _orders(AS_OF, [])["days_since"]) == (None, None)
    old = _orders(AS_OF, [day("2020-01-01"), day("2020-02-01")])
    assert (old["usual_gap_days"], old["last_on"], sum(old["volume"])) == (None, "2020-02-01", 0)
