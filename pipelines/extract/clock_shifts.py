"""The shifts of a time zone's wall clock: the hours that it skips or repeats, and since when it has shifted no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2037
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=15)
# No zone has shifted twice within days; looking day by day costs more than a quiet night's pull.
STRIDE = timedelta(days=4)
# No zone has gone back by more, but for a change of the date line.
LONGEST_SHIFT = timedelta(hours=2)


@lru_cache(maxsize=16)
def unclear_hours(zone: str) -> tuple[str, ...]:
    """Each such hour as `2024-10-27 02`, from FIRST_YEAR to LAST_YEAR."""
    return tuple(
        sorted({f"{hour:%Y-%m-%d %H}" for shift in _shifts(zone) for hour in _hours_of(ZoneInfo(zone), shift)})
    )


@lru_cache(maxsize=16)
def steady_since(zone: str) -> tuple[int, timedelta] | None:
    """The year from whose beginning to the end of 2036 the zone keeps one offset, and that; None: it still shifts.

    A year lies between, so that it holds on the wall clocks of all zones.
    """
    last = max((shift.year for shift in _shifts(zone)), default=FIRST_YEAR - 1)
    return (last + 2, _offset(ZoneInfo(zone), datetime(last + 2, 1, 1, tzinfo=UTC))) if last < LAST_YEAR - 10 else None


def wall_clock_from(instant: datetime, zone: str) -> datetime:
    """The earliest reading of the zone's wall clock at or after an instant: it goes back where an hour comes twice."""
    steps = range(0, int(LONGEST_SHIFT / STEP) + 1)
    return min((instant + step * STEP).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for step in steps)


@lru_cache(maxsize=16)
def _shifts(zone: str) -> tuple[datetime, ...]:
    """The instants of the zone's shifts, to STEP."""
    return tuple(_found(ZoneInfo(zone)))


def _found(zone: ZoneInfo) -> Iterator[datetime]:
    moment, last = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    before = _offset(zone, moment)
    while moment < last:
        after = _offset(zone, moment + STRIDE)
        if before != after:
            instant = moment
            while _offset(zone, instant + STEP) == before:
                instant += STEP
            yield instant + STEP
        moment, before = moment + STRIDE, after


def _hours_of(zone: ZoneInfo, shift: datetime) -> Iterator[datetime]:
    """The wall clock's hours between the readings just before and just after the shift."""
    before, after = ((shift + _offset(zone, moment)).replace(tzinfo=None) for moment in (shift - STEP, shift))
    hour = min(before, after).replace(minute=0)
    while hour < max(before, after):
        yield hour
        hour += HOUR


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
