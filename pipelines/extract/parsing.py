"""DuckDB SQL that turns what is delivered into the contract's kinds: null where it says no such value.

Most of it arrives as text. A column whose source's own type can hold nothing else arrives in that type (`is_native`):
reading it is free then, which the text of an instant, say, is far from.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipelines.contract import Kind
from pipelines.extract.clock_shifts import LAST_YEAR, steady_since, unclear_hours
from pipelines.extract.engine import quote_text
from pipelines.extract.source import NUMBER_TYPES, WHOLE_TYPES
from pipelines.sources.mapping import FileFormat

MICROSECOND = timedelta(microseconds=1)
# PostgreSQL's numeric holds whatever this admits: at most 1000 digits and a four-digit exponent.
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
_LONGEST_NUMBER = 1000
_INTEGER = r"[+-]?[0-9]+(\.0*)?"
# Of a text that is known to begin as a timestamp. Searched from its end, in half the time of matching it whole.
_OFFSET = r":.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_NEGATIVE_INFINITY = ("-Infinity", "-inf")
_INSTANT_TYPES = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
# What the date texts admit: neither infinity nor a year of one or five digits.
_FIRST, _LAST = "0001-01-01", "9999-12-31 23:59:59.999999"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Delivered:
    """What is known of a delivered text: its type in the source (DuckDB's name), zones, number and date format.

    `zones` are that of the source's naive timestamps and the company's. `is_native`: it arrives in its type,
    not as text.
    """

    zones: tuple[str, str]
    source_type: str = "VARCHAR"
    numbers: FileFormat = FileFormat()
    date_format: str | None = None
    is_native: bool = False


def serves(source_type: str, kind: Kind) -> bool:
    """Whether a column of this type can be read as the kind without looking at any text."""
    return (
        source_type
        in {
            Kind.TEXT: WHOLE_TYPES,
            Kind.INTEGER: WHOLE_TYPES,
            Kind.BOOLEAN: ("BOOLEAN",),
            Kind.DATE: ("DATE", *_INSTANT_TYPES),
            Kind.NUMERIC: (),
        }[kind]
    )


def parsed(raw: str, kind: Kind, delivered: Delivered) -> str:
    """SQL for the value of a delivered text.

    TEXT and NUMERIC stay text (a validated one: PostgreSQL reads it exactly), DATE, INTEGER (bigint) and BOOLEAN
    become those types. A date column that arrives as an instant is that instant's date for the company; one that
    arrives as a date stays. What the source's own type vouches for is not looked at again.
    """
    source_type = delivered.source_type.split("(")[0]
    if delivered.is_native:
        return _native(raw, kind, delivered)
    if kind is Kind.DATE:
        return _date(raw, delivered)
    if kind is Kind.NUMERIC:
        if source_type in NUMBER_TYPES:
            # Letters sort behind the colon, digits and signs before it.
            return f"case when {raw} < ':' and {raw} not in {_NEGATIVE_INFINITY!r} then {raw} end"
        return _numeric(raw, delivered.numbers if source_type == "VARCHAR" else FileFormat())
    if kind is Kind.INTEGER and source_type in WHOLE_TYPES:
        return f"try_cast({raw} as bigint)"
    if kind is Kind.INTEGER:
        text = _trimmed(raw)
        whole = f"try_cast(split_part({text}, '.', 1) as bigint)"
        other = f"case when regexp_full_match({text}, '{_INTEGER}') then {whole} end"
        # Most texts are the very number's.
        number = f"try_cast({raw} as bigint)"
        return f"case when cast({number} as varchar) = {raw} then {number} else {other} end"
    if kind is Kind.BOOLEAN:
        usual = " ".join(f"when '{text}' then {text in _TRUE}" for text in ("true", "false", "1", "0"))
        # No list of values: the engine would trim and lower every text, before it looks for the usual ones.
        other = " ".join(f"when '{text}' then {text in _TRUE}" for text in _TRUE + _FALSE)
        return f"case {raw} {usual} else case lower({_trimmed(raw)}) {other} end end"
    return raw


def _native(raw: str, kind: Kind, delivered: Delivered) -> str:
    if kind is Kind.TEXT:
        return f"cast({raw} as varchar)"
    if kind is Kind.INTEGER:
        return f"try_cast({raw} as bigint)"
    if kind is Kind.BOOLEAN:
        return raw
    source, company = delivered.zones
    day = raw
    if delivered.source_type == "TIMESTAMP" and source != company:
        day = _elsewhere(raw, source, company, _is_between(raw, "timestamp"))
    elif delivered.source_type == "TIMESTAMP WITH TIME ZONE":
        day = f"timezone({quote_text(company)}, {raw})"
    return f"case when {_is_in_the_calendar(raw)} then cast({day} as date) end"


def _is_in_the_calendar(raw: str) -> str:
    return f"({raw} >= '{_FIRST}' and {raw} <= '{_LAST}')"


def _is_between(raw: str, kind: str) -> Callable[[int, int], str]:
    """SQL for whether a value, or the ISO text of one, lies in these years, the last excluded."""

    def condition(first: int, last: int) -> str:
        return f"{raw} >= {kind} '{first}-01-01' and {raw} < {kind} '{last}-01-01'"

    return condition


def _instant(local: str, zone: str, is_between: Callable[[int, int], str]) -> str:
    """SQL for the instant of a zone's wall clock; by arithmetic where it no longer shifts: the engine's way costs more
    than all the rest of reading a row.
    """
    steady = steady_since(zone)
    asked = f"timezone({quote_text(zone)}, {local})"
    if steady is None:
        return asked
    year, offset = steady
    reckoned = f"make_timestamptz(epoch_us({local}) - {offset // MICROSECOND})"
    return f"case when {is_between(year, LAST_YEAR)} then {reckoned} else {asked} end"


def _elsewhere(local: str, source: str, company: str, is_between: Callable[[int, int], str]) -> str:
    """SQL for the company's wall clock at an instant of the source's."""
    here, there = steady_since(source), steady_since(company)
    asked = f"timezone({quote_text(company)}, timezone({quote_text(source)}, {local}))"
    if here is None or there is None:
        return asked
    reckoned = f"make_timestamp(epoch_us({local}) + {(there[1] - here[1]) // MICROSECOND})"
    return f"case when {is_between(max(here[0], there[0]), LAST_YEAR)} then {reckoned} else {asked} end"


def _numeric(raw: str, form: FileFormat) -> str:
    text = _trimmed(raw)
    if form.thousands:
        # A separator counts only where it stands before groups of three digits.
        mark, decimal = _escaped(form.thousands), _escaped(form.decimal)
        grouped = rf"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+({decimal}[0-9]*)?"
        text = (
            f"case when regexp_full_match({text}, {quote_text(grouped)})"
            f" then replace({text}, {quote_text(form.thousands)}, '') else {text} end"
        )
    if form.decimal == ",":
        text = f"case when contains({text}, '.') then null else replace({text}, ',', '.') end"
    return f"case when regexp_full_match({text}, '{_NUMBER}') and length({text}) <= {_LONGEST_NUMBER} then {text} end"


def _trimmed(raw: str) -> str:
    """DuckDB's trim costs more than all the rest of reading a number; few texts need it."""
    return f"(case when contains({raw}, ' ') then trim({raw}) else {raw} end)"


def _escaped(character: str) -> str:
    return "\\" + character if character in string.punctuation else character


def _date(raw: str, delivered: Delivered) -> str:
    if delivered.date_format is not None:
        return f"cast(try_strptime({raw}, {quote_text(delivered.date_format)}) as date)"
    source, company = delivered.zones
    local = f"try_cast({raw} as timestamp)"
    if source != company:
        local = f"({_elsewhere(local, source, company, _is_between(raw, ''))})"
    known = f"timezone({quote_text(company)}, try_cast({raw} as timestamptz))"
    return (
        f"case when {_is_date(raw)} then try_cast({raw} as date)"
        f" when not {_is_timestamp(raw)} then null"
        f" when {_has_offset(raw, delivered)} then cast({known} as date)"
        f" else cast({local} as date) end"
    )


def instant(raw: str, delivered: Delivered) -> str:
    """SQL for the instant (timestamptz) of what was delivered; a text without offset is in the source's zone."""
    zone = delivered.zones[0]
    if delivered.is_native:
        local = _instant(f"cast({raw} as timestamp)", zone, _is_between(raw, "timestamp"))
        known = raw if delivered.source_type == "TIMESTAMP WITH TIME ZONE" else f"({local})"
        return f"case when {_is_in_the_calendar(raw)} then {known} end"
    local = _instant(f"try_cast({raw} as timestamp)", zone, _is_between(raw, ""))
    return (
        f"case when not ({_is_timestamp(raw)} or {_is_date(raw)}) then null"
        f" when {_has_offset(raw, delivered)} then try_cast({raw} as timestamptz)"
        f" else ({local}) end"
    )


def is_unclear(raw: str, delivered: Delivered) -> str | None:
    """SQL that is true where a text is a local time that the source's clocks skip or repeat; None: none can be."""
    if delivered.date_format is not None or delivered.source_type in ("DATE", "TIMESTAMP WITH TIME ZONE"):
        return None
    hours = unclear_hours(delivered.zones[0])
    if not hours:
        return None
    if delivered.is_native:
        known = ", ".join(f"timestamp '{hour}:00:00'" for hour in hours)
        return f"coalesce(isfinite({raw}) and date_trunc('hour', {raw}) in ({known}), false)"
    known = ", ".join(map(quote_text, hours))
    hour = f"replace(left({raw}, 13), 'T', ' ') in ({known})"
    return f"coalesce({hour} and {_is_timestamp(raw)} and not {_has_offset(raw, delivered)}, false)"


def _is_date(raw: str) -> str:
    return f"({raw} like '____-__-__' and {raw} between '0' and ':')"


def _is_timestamp(raw: str) -> str:
    return f"({raw} like '____-__-__ __:__%' or {raw} like '____-__-__T__:__%')"


def _has_offset(raw: str, delivered: Delivered) -> str:
    if delivered.source_type in ("TIMESTAMP", "DATE"):
        return "false"
    if delivered.source_type == "TIMESTAMP WITH TIME ZONE":
        return "true"
    return f"regexp_matches({raw}, '{_OFFSET}')"
