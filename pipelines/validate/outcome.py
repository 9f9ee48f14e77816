"""What came of a rule, in words for operators: keys and counts, never another value of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from expectations.rule import Rule, Severity
from pipelines.counting import counted

KEYS_NAMED = 20


class GateFailed(Exception):  # noqa: N818 - the name says what happened to the night
    """Data broke a rule that stops the night; the message names rule, dataset, rows by key and the cure."""


class GateError(Exception):
    """A rule could not be checked (a missing table or column, a timeout): our fault, and it stops the night as well."""


@dataclass(frozen=True)
class RuleOutcome:
    """One rule's outcome: `rows` is how many rows broke it, `examples` names at most 20 of them by key.

    `is_least` where only the first of the rows came back over which `row_count` would have to be summed.
    `error` tells why the rule could not be checked; None where it was.
    """

    dataset: str
    rule: Rule
    rows: int = 0
    examples: tuple[str, ...] = ()
    is_least: bool = False
    error: str | None = None

    @property
    def passed(self) -> bool:
        return self.error is None and self.rows == 0

    @property
    def stops(self) -> bool:
        """Whether the night may not go on; what could not be checked stops it whatever its severity."""
        return self.error is not None or (self.rows > 0 and self.rule.severity is Severity.FAIL)

    @property
    def observed(self) -> str:
        """What was found, as published in `data_quality`."""
        if self.error is not None:
            return f"not checked: {self.error}"
        if not self.rows:
            return "as expected"
        shown = "; ".join(self.examples)
        more = "; ..." if self.rows > len(self.examples) else ""
        least = "at least " if self.is_least else ""
        return f"{least}{counted(self.rows, 'row')}: {shown}{more}"

    @property
    def sentence(self) -> str:
        """The operator's lines: rule, dataset, rows by key, what was expected, the cure."""
        return (
            f"{self.rule.name} ({self.dataset}): {self.observed}\n"
            f"    expected: {self.rule.expected}\n"
            f"    cure: {self.rule.cure}"
        )


def checked(dataset: str, rule: Rule, observed_rows: int, unexpected: Sequence[Mapping[str, object]]) -> RuleOutcome:
    """The outcome of a rule that was checked; `unexpected` are the rows (keys, dates, counts) that its query returned.

    Where the rows carry `row_count`, that many rows stand behind each of them.
    """
    counted = [row["row_count"] for row in unexpected if row.get("row_count") is not None]
    rows = sum(int(str(count)) for count in counted) if counted else observed_rows
    examples = tuple(_example(row) for row in unexpected[:KEYS_NAMED])
    return RuleOutcome(dataset, rule, rows, examples, is_least=bool(counted) and observed_rows > len(unexpected))


def _example(row: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_words(value)}" for name, value in row.items() if name != "row_count")


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def raise_for(gate: str, outcomes: Sequence[RuleOutcome], docs: Path) -> None:
    """Raise where the night may not go on.

    Raises:
        GateError: a rule could not be checked.
        GateFailed: data broke a rule of severity fail.
    """
    stopping = [outcome for outcome in outcomes if outcome.stops]
    if not stopping:
        return
    broken = any(outcome.error is not None for outcome in stopping)
    head = f"gate {gate}: {'could not be checked' if broken else 'stopped the night'}; the last publication stands"
    message = "\n".join((head, *(f"  {outcome.sentence}" for outcome in stopping), f"  report: {docs}"))
    raise GateError(message) if broken else GateFailed(message)
