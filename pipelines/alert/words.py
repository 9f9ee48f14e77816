"""The mails' words in the reader's language, and values as that reader writes them."""

from __future__ import annotations

import re
import string
import unicodedata
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

LONGEST_TEXT = 600
# between a number and its sign: no line ends there
NO_BREAK = "\u00a0"
# What the method says where none of the six causes shows: signals, which no person finds out to be the cause.
FALLBACK_REASONS = ("rhythm_broken", "volume_falling")
# Control characters, and marks that turn the writing direction of what follows them.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@lru_cache(maxsize=1)
def _all_words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "words.yml").read_text("utf-8"))
    return found


def clean(value: Any, longest: int = LONGEST_TEXT) -> Any:
    """The value with every text in it on one line, without control characters, of bearable length.

    What a source system delivers can then neither open a line or a header of its own nor turn the text around it.
    """
    if isinstance(value, str):
        text = " ".join(_UNWANTED.sub(" ", value).split())
        return text if len(text) <= longest else text[: longest - 1] + "…"
    if isinstance(value, dict):
        return {key: clean(item, longest) for key, item in value.items()}
    return [clean(item, longest) for item in value] if isinstance(value, list) else value


def shorten(text: str, columns: int) -> str:
    """The text as far as it fits into so many columns; a Chinese character takes two."""
    used = 0
    for place, letter in enumerate(text):
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > columns:
            return f"{text[: place - 1].rstrip()}…"
    return text


class _Forms(string.Formatter):
    """Fills in places; `{count:row|rows}` gives the word for one or for many."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        return (one if str(value) == "1" else many) if bar else str(super().format_field(value, format_spec))


class Words:
    """One language's words."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, key: str, **values: object) -> str:
        """The words of a key, its places filled in; KeyError where there is none of that key."""
        return _Forms().format(_all_words()[key][self.language], **values)

    def name(self, group: str, code: str | None) -> str:
        """The words for a code (`tier`, `reason`, `kind`, `close`); the code itself where none are known."""
        words = _all_words().get(f"{group}.{code}")
        return words[self.language] if words else (code or "")

    def money(self, amount: Decimal | None, currency: str) -> str:
        """Three digits of money, in the reader's units: `CNY 4.20 million`, `420 万元`, `42.0 万 USD`."""
        if amount is None:
            return self.say("margin_unknown")
        units: tuple[tuple[int, str], ...] = ((10**6, " million"), (1, ""))
        if self.language == "zh":
            units = ((10**8, " 亿"), (10**4, " 万"), (1, ""))
        size, unit = next((size, unit) for size, unit in units if abs(amount) >= size or size == 1)
        digits = _three_digits(amount / size) if unit else f"{_leading_digits(amount):,.0f}"
        if self.language == "zh":
            return f"{digits}{unit or ' '}元" if currency == "CNY" else f"{digits}{unit} {currency}"
        return f"{currency} {digits}{unit}"

    @staticmethod
    def percent(share: float) -> str:
        """A probability in whole per cent; never 0 or 100, for nothing is certain."""
        return f"{min(max(round(share * 100), 1), 99)}{NO_BREAK}%"


def _leading_digits(amount: Decimal) -> Decimal:
    """The amount rounded to its first three digits: whole units and thousands claim no more than they know."""
    rounded = round(amount)
    return Decimal(round(rounded, 3 - len(str(abs(rounded)))))


def _three_digits(amount: Decimal) -> str:
    digits = 2 if abs(round(amount, 2)) < 10 else 1 if abs(round(amount, 1)) < 100 else 0
    return f"{amount:,.{digits}f}"


def causes() -> list[str]:
    """The codes of true causes that a person can give to an alert: the method's six, and that it was none of them."""
    codes = [key.partition(".")[2] for key in _all_words() if key.startswith("reason.")]
    return [code for code in codes if code not in FALLBACK_REASONS]
