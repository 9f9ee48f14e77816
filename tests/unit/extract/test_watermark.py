"""Watermarks: where a pull starts, and that they never go back, away or into the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from pipelines.extract import watermark
from pipelines.sources.mapping import ChangeMarker

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
TIMESTAMP = ChangeMarker(column="aedat")
NUMBER = ChangeMarker(column="id", type="id", overlap_ids=10)


def markers(*instants: datetime | None) -> pa.Array:
    return pa.array(instants, pa.timestamp("us", tz="UTC"))


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


def test_a_marker_in_the_future_does_not_count():
    ahead = NOON + timedelta(days=400)
    assert watermark.highest(markers(None, NOON - timedelta(hours=1), ahead), NOON) == NOON - timedelta(hours=1)
    assert watermark.highest(markers(ahead), NOON) is None
    assert watermark.highest(markers(NOON), NOON) == NOON
    assert watermark.highest(markers(), NOON) is None


def test_numbers_have_no_future():
    assert watermark.highest(pa.array([3, None, 7], pa.int64()), NOON) == 7


def test_a_watermark_never_goes_back_or_away():
    earlier = NOON - timedelta(days=1)
    assert watermark.advanced(NOON.isoformat(), earlier) == NOON.isoformat()
    assert watermark.advanced(NOON.isoformat(), None) == NOON.isoformat()
    assert watermark.advanced(earlier.isoformat(), NOON) == NOON.isoformat()
    assert watermark.advanced(None, NOON) == NOON.isoformat()
    assert watermark.advanced(None, None) is None
    assert watermark.advanced("100", 99) == "100"
    assert watermark.advanced("99", 100) == "100"


def test_a_watermark_of_another_type_is_replaced():
    assert watermark.advanced("100", NOON) == NOON.isoformat()
    assert watermark.advanced(NOON.isoformat(), 5) == "5"
