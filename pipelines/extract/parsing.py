"""DuckDB SQL that turns delivered text into the contract's kinds: null where the text says no such value."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.contract import Kind
from pipelines.extract.clock_shifts import unclear_hours
from pipelines.extract.engine import quote_text
from pipelines.sources.mapping import FileFormat

# PostgreSQL's numeric holds whatever this admits: at most 1000 digits and a four-digit exponent.
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
_LONGEST_NUMBER = 1000
_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_OFFSET = r".{10}[T ].*(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_NO_NUMBER = ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf")
_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_NUMBER_TYPES = (*_WHOLE_TYPES, "DECIMAL", "DOUBLE", "FLOAT")
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Delivered:
    """What is known of a delivered text: its type in the source (DuckDB's name), zones, number and date format.

    `zones` are that of the source's naive timestamps and the company's.
    """

    zones: tuple[str, str]
    source_type: str = "VARCHAR"
    numbers: FileFormat = FileFormat()
    date_format: str | None = None


def parsed(raw: str, kind: Kind, delivered: Delivered) -> str:
    """SQL for the value of a delivered text.

    TEXT and NUMERIC stay text (a validated one: PostgreSQL reads it exactly), DATE, INTEGER (bigint) and BOOLEAN
    become those types. A date column that arrives as an instant is that instant's date for the company; one that
    arrives as a date stays. What the source's own type vouches for is not looked at again.
    """
    source_type = delivered.source_type.split("(")[0]
    if kind is Kind.DATE:
        return _date(raw, delivered)
    if kind is Kind.NUMERIC:
        if source_type in _NUMBER_TYPES:
            return f"case when {raw} not in {_NO_NUMBER!r} then {raw} end"
        return _numeric(raw, delivered.numbers if source_type == "VARCHAR" else FileFormat())
    if kind is Kind.INTEGER and source_type in _WHOLE_TYPES:
        return f"try_cast({raw} as bigint)"
    if kind is Kind.INTEGER:
        text = _trimmed(raw)
        whole = f"try_cast(split_part({text}, '.', 1) as bigint)"
        return f"case when regexp_full_match({text}, '{_INTEGER}') then {whole} end"
    if kind is Kind.BOOLEAN:
        text = f"lower({_trimmed(raw)})"
        return f"case when {text} in {_TRUE!r} then true when {text} in {_FALSE!r} then false end"
    return raw


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
    return character if character.isalnum() else "\\" + character


def _date(raw: str, delivered: Delivered) -> str:
    if delivered.date_format is not None:
        return f"cast(try_strptime({raw}, {quote_text(delivered.date_format)}) as date)"
    source, company = (quote_text(zone) for zone in delivered.zones)
    local = f"try_cast({raw} as timestamp)"
    if source != company:
        local = f"timezone({company}, timezone({source}, {local}))"
    return (
        f"case when {_is_date(raw)} then try_cast({raw} as date)"
        f" when not {_is_timestamp(raw)} then null"
        f" when {_has_offset(raw, delivered)} then cast(timezone({company}, try_cast({raw} as timestamptz)) as date)"
        f" else cast({local} as date) end"
    )


def instant(raw: str, delivered: Delivered) -> str:
    """SQL for the instant (timestamptz) of a delivered text; one without offset is in the source's zone."""
    return (
        f"case when not ({_is_timestamp(raw)} or {_is_date(raw)}) then null"
        f" when {_has_offset(raw, delivered)} then try_cast({raw} as timestamptz)"
        f" else timezone({quote_text(delivered.zones[0])}, try_cast({raw} as timestamp)) end"
    )


def is_unclear(raw: str, delivered: Delivered) -> str | None:
    """SQL that is true where a text is a local time that the source's clocks skip or repeat; None: none can be."""
    hours = unclear_hours(delivered.zones[0])
    if not hours or delivered.date_format is not None or delivered.source_type in ("DATE", "TIMESTAMP WITH TIME ZONE"):
        return None
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
    return f"regexp_full_match({raw}, '{_OFFSET}')"
