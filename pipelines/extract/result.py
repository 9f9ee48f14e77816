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

    `rows_missed`: new or changed rows that the change marker had not shown, found by a whole pull. `rows_ambiguous`:
    rows with a local time that a shift of the clocks skips or repeats.

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
    rows_missed: int
    rows_ambiguous: int
    is_full_pull: bool
    marker_before: str | None
    marker_after: str | None
    seconds: float
    is_delivered: bool = True


@dataclass(frozen=True)
class Outcome:
    """Rows by what became of them. `marked`: read with a deletion mark; `removed`: gone from landing by such a mark."""

    admitted: int
    rejected: int
    new: int
    changed: int
    gone: int
    marker: str | None
    is_delivered: bool
    marked: int = 0
    removed: int = 0
    missed: int = 0
