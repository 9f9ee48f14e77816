"""What an extraction is, and what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extraction:
    """One unit of work: an entity of a source system."""

    source_system: str
    entity: str


@dataclass(frozen=True)
class ExtractionResult:
    """What one extraction did; rows_read = rows_landed + rows_unchanged + rows_rejected.

    `is_delivered` is False where the source has no such table or file and the mapping allows that.
    """

    source_system: str
    entity: str
    rows_read: int
    rows_landed: int
    rows_unchanged: int
    rows_rejected: int
    rows_deleted: int
    rows_held: int
    is_full_pull: bool
    marker_before: str | None
    marker_after: str | None
    seconds: float
    is_delivered: bool = True
