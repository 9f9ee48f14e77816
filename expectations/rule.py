"""What a gate rule is: a query that returns the rows that should not be there, and why it matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Severity(StrEnum):
    """What a broken rule does: `fail` stops the night, `warn` is shown and published."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Rule:
    """One rule of a gate.

    `unexpected_rows` is SQL over the suite's table and whatever it is compared with. It selects keys, dates and counts
    only, never another value of a row: what it returns is stored, shown and mailed. A column `row_count` tells how many
    rows stand behind one returned row. `$name` stands for a numeric setting. `reason` says why the severity and the
    threshold are what they are, as of `since`; `cure` what the operator does.
    """

    name: str
    severity: Severity
    since: date
    expected: str
    reason: str
    cure: str
    unexpected_rows: str


@dataclass(frozen=True)
class Suite:
    """The rules of one dataset: a table of the warehouse."""

    schema: str
    table: str
    rules: tuple[Rule, ...]

    @property
    def dataset(self) -> str:
        return f"{self.schema}.{self.table}"
