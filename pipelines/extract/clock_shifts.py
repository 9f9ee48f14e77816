"""The hours of a time zone's wall clock that a shift skips or repeats: a local time in them is no certain instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2037
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=15)
# No zone has gone back by more, but for a change of the date line.
LONGEST_SHIFT = timedelta(hours=2)


@lru_cache(maxsize=16)
def unclear_hours(zone: str) -> tuple[str, ...]:
    """Each such hour as `2024-10-27 02`, from FIRST_YEAR to LAST_YEAR."""
    return tuple(sorted({f"{hour:%Y-%m-%d %H}" for hour in _shifted(ZoneInfo(zone))}))


def wall_clock_from(instant: datetime, zone: str) -> datetime:
    """The earliest reading of the zone's wall clock at or after an instant: it goes back where an hour comes twice."""
    steps = range(0, int(LONGEST_SHIFT / STEP) + 1)
    return min((instant + step * STEP).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for step in steps)


def _shifted(zone: ZoneInfo) -> Iterator[datetime]:
    day, last = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    while day < last:
        next_day = day + timedelta(days=1)
        if _offset(zone, day) != _offset(zone, next_day):
            yield from _hours_of_shift(zone, day)
        day = next_day


def _hours_of_shift(zone: ZoneInfo, day: datetime) -> Iterator[datetime]:
    """The wall clock's hours between the readings just before and just after the shift."""
    instant = day
    while _offset(zone, instant + STEP) == _offset(zone, day):
        instant += STEP
    shift = instant + STEP
    before, after = (shift + _offset(zone, moment) for moment in (day, shift))
    hour = min(before, after).replace(minute=0)
    while hour < max(before, after):
        yield hour
        hour += HOUR


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
