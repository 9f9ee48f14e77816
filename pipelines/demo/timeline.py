"""The demo company's calendar: days and seconds counted from 2000-01-01, in its own local time.

Days are whole numbers since 2000-01-01 (as PostgreSQL counts them on the wire), instants are seconds since that
midnight, without a zone: the generated systems keep local time, as most do.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ORIGIN = date(2000, 1, 1)
DAY = 86_400
NULL = np.iinfo(np.int64).min
NEVER = np.iinfo(np.int64).max // 2


def day_number(day: date) -> int:
    """Days from 2000-01-01 to `day`."""
    return (day - ORIGIN).days


def as_date(day: int) -> date:
    """The date of a day number."""
    return ORIGIN + timedelta(days=int(day))


LIFE_STARTS_ON = date(2021, 7, 1)
HISTORY_ENDS_ON = date(2026, 6, 30)
LIFE_ENDS_ON = date(2026, 12, 31)

LIFE_START = day_number(LIFE_STARTS_ON)
HISTORY_END = day_number(HISTORY_ENDS_ON)
LIFE_END = day_number(LIFE_ENDS_ON)
FIRST_YEAR, LAST_YEAR = LIFE_STARTS_ON.year, LIFE_ENDS_ON.year


def _month_starts() -> Array:
    starts, day = [], LIFE_STARTS_ON
    while day <= LIFE_ENDS_ON:
        starts.append(day_number(day))
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return np.array([*starts, LIFE_END + 1], dtype=np.int64)


MONTH_STARTS = _month_starts()
MONTHS = len(MONTH_STARTS) - 1
MONTH_LENGTHS = np.diff(MONTH_STARTS)
MONTH_OF_YEAR = np.array([as_date(start).month for start in MONTH_STARTS[:-1]])
YEAR_OF_MONTH = np.array([as_date(start).year for start in MONTH_STARTS[:-1]])


def month_index(days: Array) -> Array:
    """The month of the company's life (0-based) that each day falls in, clipped to the life."""
    return np.clip(np.searchsorted(MONTH_STARTS, days, side="right") - 1, 0, MONTHS - 1)


def end_of(day: int) -> int:
    """The last second of a day."""
    return day * DAY + DAY - 1


def at(days: Array, seconds: Array | int) -> Array:
    """Instants from days and seconds of the day; a NULL day stays NULL."""
    return np.where(days == NULL, NULL, days * DAY + seconds)


def weekday(days: Array) -> Array:
    """0 Monday to 6 Sunday (2000-01-01 was a Saturday)."""
    return (days + 5) % 7


def next_working_day(days: Array) -> Array:
    """The day itself, or the Monday after it where it is a Saturday or Sunday."""
    late = weekday(days)
    return days + np.where(late == 5, 2, np.where(late == 6, 1, 0))
