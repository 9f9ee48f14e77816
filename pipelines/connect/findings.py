"""What a check found, as values that a terminal can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pipelines.sources.yaml_lines import Document


class Severity(StrEnum):
    """An error would stop the night or leave its numbers wrong; a warning is to be looked at."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing to mend, where it stands in the mapping file, and how."""

    severity: Severity
    file: Path
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.message}"


@dataclass
class EntityReport:
    """One entity of a source. Counts are of rows; None where they could not be had.

    `rows_changed`, `rows_changed_at_most`: of a day, over the 30 days before the newest change; `set_aside`: reason ->
    rows of the sample.
    """

    entity: str
    origin: str
    rows: int | None = None
    sampled: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    rows_changed: float | None = None
    rows_changed_at_most: int | None = None


@dataclass
class SourceReport:
    """One source system: its entities and everything that was found."""

    source_system: str
    file: Path
    document: Document
    entities: list[EntityReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def found(self, severity: Severity, path: Sequence[str], message: str) -> None:
        """Add a finding that stands at this path of the mapping file."""
        shown = [step for step in path if step not in ("entities", "columns")]
        where = ".".join([self.source_system, *shown])
        self.findings.append(Finding(severity, self.file, self.document.line(path), where, message))

    def error(self, path: Sequence[str], message: str) -> None:
        self.found(Severity.ERROR, path, message)

    def warning(self, path: Sequence[str], message: str) -> None:
        self.found(Severity.WARNING, path, message)

    @property
    def has_errors(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.findings)
