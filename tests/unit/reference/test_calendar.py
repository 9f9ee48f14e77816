"""Windows: months as PostgreSQL subtracts them, the lower end outside, the upper inside."""

from __future__ import annotations

from datetime import date

import pytest

from tests.reference.parameters import months_before, window


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 2, 29), 48, date(2020, 2, 29)),
        (date(2025, 2, 28), 12, date(2024, 2, 28)),
        (date(2025, 3, 31), 1, date(2025, 2, 28)),
        (date(2025, 1, 15), 1, date(2024, 12, 15)),
        (date(2025, 12, 31), 12, date(2024, 12, 31)),
        (date(2025, 1, 1), 24, date(2023, 1, 1)),
    ],
)
def test_months_go_back_to_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


def test_a_window_holds_its_last_day_and_not_its_first_end() -> None:
    last_year = window(date(2024, 2, 29), 12)
    assert [day in last_year for day in (date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 29), date(2024, 3, 1))] == [
        False,
        True,
        True,
        False,
    ]
    assert last_year.days == 367 - 1


def test_the_prior_window_is_counted_from_the_evaluated_date() -> None:
    """12 months before 2024-02-29 less 12 more is 2022-02-28; and 24 months before 2025-02-28 is not the 29th."""
    assert window(date(2024, 2, 29), 12, before=12).after == date(2022, 2, 28)
    assert window(date(2026, 2, 28), 12, before=12).after == date(2024, 2, 28)


def test_overlap_counts_both_ends_of_the_period() -> None:
    last_year = window(date(2024, 2, 29), 12)
    assert last_year.overlap_days(date(2024, 2, 29), date(2024, 2, 29)) == 1
    assert last_year.overlap_days(date(2023, 2, 1), date(2023, 2, 28)) == 0
    assert last_year.overlap_days(date(2000, 1, 1), date(2099, 1, 1)) == 366
