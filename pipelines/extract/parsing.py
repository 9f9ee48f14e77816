"""DuckDB SQL that turns delivered text into the contract's kinds: null where the text says no such value."""

from __future__ import annotations

from pipelines.contract import Kind
from pipelines.extract.engine import quote_text
from pipelines.sources.mapping import FileFormat

# PostgreSQL's numeric holds whatever this admits: at most 1000 digits and a four-digit exponent.
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
_LONGEST_NUMBER = 1000
_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_OFFSET = r".{10}[T ].*(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


def parsed(raw: str, kind: Kind, zones: tuple[str, str], form: FileFormat, date_format: str | None = None) -> str:
    """SQL for the value of a delivered text.

    TEXT and NUMERIC stay text (a validated one: PostgreSQL reads it exactly), DATE, INTEGER (bigint) and BOOLEAN
    become those types. `zones` are the source's and the company's: a `date` column that arrives as an instant is that
    instant's date for the company; one that arrives as a date stays.
    """
    if kind is Kind.DATE:
        return _date(raw, zones, date_format)
    if kind is Kind.NUMERIC:
        return _numeric(raw, form)
    if kind is Kind.INTEGER:
        text = f"trim({raw})"
        whole = f"try_cast(split_part({text}, '.', 1) as bigint)"
        return f"case when regexp_full_match({text}, '{_INTEGER}') then {whole} end"
    if kind is Kind.BOOLEAN:
        text = f"lower(trim({raw}))"
        return f"case when {text} in {_TRUE!r} then true when {text} in {_FALSE!r} then false end"
    return raw


def _numeric(raw: str, form: FileFormat) -> str:
    text = f"trim({raw})"
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


def _escaped(character: str) -> str:
    return character if character.isalnum() else "\\" + character


def _date(raw: str, zones: tuple[str, str], date_format: str | None) -> str:
    if date_format is not None:
        return f"cast(try_strptime({raw}, {quote_text(date_format)}) as date)"
    source, company = (quote_text(zone) for zone in zones)
    plain = f"{raw} like '____-__-__' and {raw} between '0' and ':'"
    local = f"try_cast({raw} as timestamp)"
    if source != company:
        local = f"timezone({company}, timezone({source}, {local}))"
    return (
        f"case when {plain} then try_cast({raw} as date)"
        f" when not {_is_timestamp(raw)} then null"
        f" when {_has_offset(raw)} then cast(timezone({company}, try_cast({raw} as timestamptz)) as date)"
        f" else cast({local} as date) end"
    )


def instant(raw: str, zone: str) -> str:
    """SQL for the instant (timestamptz) of a delivered text; one without offset is in the given zone."""
    return (
        f"case when not ({_is_timestamp(raw)} or {raw} like '____-__-__') then null"
        f" when {_has_offset(raw)} then try_cast({raw} as timestamptz)"
        f" else timezone({quote_text(zone)}, try_cast({raw} as timestamp)) end"
    )


def _is_timestamp(raw: str) -> str:
    return f"({raw} like '____-__-__ __:__%' or {raw} like '____-__-__T__:__%')"


def _has_offset(raw: str) -> str:
    return f"regexp_full_match({raw}, '{_OFFSET}')"
