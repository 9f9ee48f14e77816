"""How many there are, in words; one rule for the terminal, the reports and what is published."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """How many there are: `1 row`, `1,200 rows`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
