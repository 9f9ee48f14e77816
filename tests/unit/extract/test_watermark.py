"""Watermarks: where a pull starts, and that they never go back, away or into the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.extract import watermark
from pipelines.sources.mapping import ChangeMarker

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
TIMESTAMP = ChangeMarker(column="aedat")
NUMBER = ChangeMarker(column="id", type="id", overlap_ids=10)


def test_a_pull_starts_the_overlap_and_an_hour_before_the_watermark():
    found = watermark.since(TIMESTAMP, NOON.isoformat(), 120)
    assert found is not None
    assert found.instant == NOON - timedelta(hours=3)


def test_the_mappings_overlap_wins_over_the_settings():
    marker = ChangeMarker(column="aedat", overlap_minutes=0)
    found = watermark.since(marker, NOON.isoformat(), 120)
    assert found is not None
    assert found.instant == NOON - timedelta(hours=1)


def test_a_number_starts_its_own_overlap_before():
    found = watermark.since(NUMBER, "100", 120)
    assert found is not None
    assert (found.number, found.instant) == (90, None)


@pytest.mark.parametrize(
    ("marker", "mark"), [(None, "2024-01-02"), (TIMESTAMP, None), (TIMESTAMP, "100"), (NUMBER, NOON.isoformat())]
)
def test_without_a_marker_or_a_watermark_of_its_type_everything_is_pulled(marker, mark):
    assert watermark.since(marker, mark, 120) is None


def mark(instant: datetime) -> int:
    return round((instant - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def test_a_watermark_never_goes_back_or_away():
    earlier = NOON - timedelta(days=1)
    assert watermark.advanced(TIMESTAMP, NOON.isoformat(), mark(earlier)) == NOON.isoformat()
    assert watermark.advanced(TIMESTAMP, NOON.isoformat(), None) == NOON.isoformat()
    assert watermark.advanced(TIMESTAMP, earlier.isoformat(), mark(NOON)) == NOON.isoformat()
    assert watermark.advanced(TIMESTAMP, None, mark(NOON)) == NOON.isoformat()
    assert watermark.advanced(TIMESTAMP, None, None) is None
    assert watermark.advanced(NUMBER, "100", 99) == "100"
    assert watermark.advanced(NUMBER, "99", 100) == "100"
    assert watermark.advanced(NUMBER, None, -5) == "-5"
    assert watermark.advanced(None, None, None) is None


def test_a_watermark_is_exact_to_the_microsecond():
    instant = datetime(2024, 10, 27, 0, 59, 59, 999999, tzinfo=UTC)
    assert watermark.advanced(TIMESTAMP, None, mark(instant)) == instant.isoformat()


def test_a_watermark_of_another_type_is_replaced():
    assert watermark.advanced(TIMESTAMP, "100", mark(NOON)) == NOON.isoformat()
    assert watermark.advanced(NUMBER, NOON.isoformat(), 5) == "5"
