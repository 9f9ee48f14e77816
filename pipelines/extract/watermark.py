"""Watermarks: from where an incremental pull reads, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.extract.source import Since
from pipelines.sources.mapping import ChangeMarker

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A clock without zone repeats an hour once a year.
NAIVE_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Reach:
    """How much a pull reads: what changed since the watermark, everything, or what changed since a day long past."""

    is_whole: bool = False
    back_to: datetime | None = None


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


def advanced(marker: ChangeMarker | None, before: str | None, highest: int | None) -> str | None:
    """The watermark after a pull whose highest mark that was (see `pull`): never back, never away."""
    if marker is None or highest is None:
        return before
    if marker.type == "id":
        return str(max(highest, int(before))) if before and _is_number(before) else str(highest)
    reached = EPOCH + timedelta(microseconds=highest)
    if before and not _is_number(before):
        reached = max(reached, datetime.fromisoformat(before))
    return reached.isoformat()
