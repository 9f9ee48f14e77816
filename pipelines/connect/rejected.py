"""What a sample's rows are set aside for: how many for which reason, and what stands in the column that it names."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.extract.lines import EXPRESSION_COLUMNS

EXAMPLES = 3
LONGEST_EXAMPLE = 40
_COLUMN = re.compile(r"[a-z_]+")


@dataclass
class Rejected:
    """`reasons`: reason -> rows; `examples`: reason -> a few different texts of its column, those that come first."""

    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rejects: Iterable[str]) -> Rejected:
        """Of the lines that a pull writes of rows set aside (see `pipelines.extract.lines.reject`)."""
        found = cls()
        for _, reasons, record, *_ in csv.reader(io.StringIO("".join(rejects), newline="")):
            row = json.loads(record)
            for reason in reasons.split("; "):
                found.reasons[reason] += 1
                found._remember(reason, row)
        return found

    def _remember(self, reason: str, row: dict[str, object]) -> None:
        column = _COLUMN.match(reason)
        value = row.get(column[0]) if column else None
        if value is None and column:
            value = _read_by_expression(row, column[0])
        known = self.examples.setdefault(reason, [])
        if isinstance(value, str) and value != "" and value not in known and len(known) <= EXAMPLES:
            known.append(value)

    def said(self, reason: str) -> str:
        """The reason with its examples behind it."""
        known = self.examples.get(reason, [])
        shown = [json.dumps(_short(value), ensure_ascii=False) for value in known[:EXAMPLES]]
        more = [", ..."] if len(known) > EXAMPLES else []
        return f"{reason} ({', '.join(shown)}{''.join(more)})" if shown else reason


def _read_by_expression(row: dict[str, object], column: str) -> str:
    """What an expression that gives nothing has read."""
    reads = row.get(EXPRESSION_COLUMNS)
    read = reads.get(column) if isinstance(reads, dict) else None
    return ", ".join(f"{name}: {text}" for name, text in read.items() if text) if isinstance(read, dict) else ""


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_EXAMPLE else value[:LONGEST_EXAMPLE] + "..."
