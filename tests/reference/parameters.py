"""What a night is evaluated with, and the calendar."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Company = dict[str, list[Row]]
"""Entity name -> its rows with canonical column names; an entity that is not delivered is missing."""

DAYS_A_YEAR = Fraction(1461, 4)


@dataclass(frozen=True)
class Parameters:
    """The settings that change a result; the defaults are those of the method."""

    as_of: date
    reporting_currency: str = "CNY"
    active_window_months: int = 24
    capital_cost_rate: Fraction = Fraction(6, 100)
    tier_scheme: str = "three_tier"
    churn_horizon_days: int = 180
    churn_high_odds: Fraction = Fraction(4)
    churn_medium_odds: Fraction = Fraction(2)


def months_before(day: date, months: int) -> date:
    """`day - interval 'n months'` as PostgreSQL has it: that day of the month, or the last of a shorter month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Window:
    """(after, until]: the lower end excluded, the upper included."""

    after: date
    until: date

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.after < day <= self.until

    @property
    def days(self) -> int:
        return (self.until - self.after).days

    def overlap_days(self, first: date, last: date) -> int:
        """Days of [first, last], both ends included, that lie inside."""
        begin = max(first, date.fromordinal(self.after.toordinal() + 1))
        return max(0, (min(last, self.until) - begin).days + 1)


def window(day: date, months: int, before: int = 0) -> Window:
    """The `months` up to `day`; `before` shifts both ends back by so many months, each counted from `day`."""
    until = months_before(day, before) if before else day
    return Window(months_before(day, before + months), until)
