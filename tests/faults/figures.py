"""What the fault tests tried and what it cost: each test notes its figures, the end of the session shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

PROPERTY = "fault"
HEADINGS = ("case", "fault", "tried", "survived", "lost", "doubled")
Note = Callable[..., None]


def noting(record_property: Callable[[str, object], None]) -> Note:
    def note(case: str, fault: str, tried: int, survived: int, lost: int = 0, doubled: int = 0) -> None:
        record_property(PROPERTY, json.dumps([case, fault, tried, survived, lost, doubled]))

    return note


def table(reports: Iterable[Any]) -> list[str]:
    """The noted figures of these test reports, as lines of text with totals; nothing where none was noted."""
    rows = [json.loads(value) for report in reports for name, value in report.user_properties if name == PROPERTY]
    if not rows:
        return []
    rows.sort(key=lambda row: (row[0], row[1]))
    ours = [row for row in rows if not row[1].startswith("baseline")]
    total = ["", "all but the baselines", *(sum(row[place] for row in ours) for place in range(2, 6))]
    lines = [[str(cell) for cell in row] for row in (HEADINGS, *rows, total)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADINGS))]
    return [_line(line, widths) for line in lines]


def _line(cells: list[str], widths: list[int]) -> str:
    texts = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*texts, *numbers])
