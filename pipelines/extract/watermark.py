"""Watermarks: from where an incremental pull reads, and how far it has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.extract.source import Since
from pipelines.sources.mapping import ChangeMarker

# A clock without zone repeats an hour once a year.
NAIVE_HOUR = timedelta(hours=1)


def since(marker: ChangeMarker | None, watermark: str | None, overlap_minutes: int) -> Since | None:
    """Where the next pull starts; None: the whole entity is pulled.

    `overlap_minutes` is the settings' default. A watermark that the marker's type cannot read (the mapping was changed)
    starts anew.
    """
    if marker is None or watermark is None:
        return None
    if marker.type == "id":
        return Since(marker.column, number=int(watermark) - marker.overlap_ids) if _is_number(watermark) else None
    if _is_number(watermark):
        return None
    minutes = overlap_minutes if marker.overlap_minutes is None else marker.overlap_minutes
    return Since(marker.column, instant=datetime.fromisoformat(watermark) - timedelta(minutes=minutes) - NAIVE_HOUR)


def _is_number(watermark: str) -> bool:
    return watermark.lstrip("-").isdigit()


def advanced(before: str | None, highest: datetime | int | None) -> str | None:
    """The watermark after a pull that saw `highest`: never back, never away."""
    if highest is None:
        return before
    if isinstance(highest, int):
        return str(max(highest, int(before))) if before and _is_number(before) else str(highest)
    if before and not _is_number(before):
        highest = max(highest, datetime.fromisoformat(before))
    return highest.astimezone(UTC).isoformat()


def highest(markers: pa.Array, clock: datetime) -> datetime | int | None:
    """The highest marker of a block that is not in the future: one dated ahead would hide the rows after it."""
    if pa.types.is_timestamp(markers.type):
        markers = markers.filter(pc.less_equal(markers, pa.scalar(clock, markers.type)))
    found = pc.max(markers).as_py()
    return found.astimezone(UTC) if isinstance(found, datetime) else found
