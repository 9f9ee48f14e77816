"""Writes README.md: the rules of both gates as tables. Run `python -m expectations.table` after changing a rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expectations import candidates, landing
from expectations.rule import Suite

README = Path(__file__).with_name("README.md")

_HEAD = """\
# The two gates

`landing` holds what may come in, `candidates` what may go out; one module per dataset. A broken rule of severity *fail*
stops the night: the last publication stands, and the run names the rule, the rows by key and the cure. A broken *warn*
is logged, shown in the summary and published. Either way it is a row of `published.data_quality`. A rule that cannot be
checked (a missing column) stops the night too, as an error of ours. What a database constraint, a dbt test or the
extraction already guarantees is not checked again here.

To add a rule: write it in its dataset's module, give it bad data in `tests/integration/gates/test_gates_rules.py`, run
`python -m expectations.table`, which writes this file.
"""


def table() -> str:
    """The whole of README.md."""
    parts = [_HEAD, "## What may come in", *_tables(landing.SUITES)]
    parts += ["## What may go out", *_tables(candidates.SUITES)]
    return "\n".join(parts)


def _tables(suites: Sequence[Suite]) -> list[str]:
    lines = []
    for suite in suites:
        lines += [f"\n### `{suite.dataset}`\n", "| rule | severity | expected | reason |", "| --- | --- | --- | --- |"]
        for rule in suite.rules:
            reason = f"{rule.reason} ({rule.since.isoformat()})"
            lines.append(f"| `{rule.name}` | {rule.severity.value} | {rule.expected} | {reason} |")
    return [*lines, ""]


if __name__ == "__main__":
    README.write_text(table(), encoding="utf-8")
