"""The contract's rules on one row, as DuckDB SQL. A reason names column and rule, never the value.

Each fault is a condition that is true or false, never null, over the columns `raw_<name>` (as delivered: text, or for
the `native` ones in the source's own type), `failed_<name>` (whether its expression fails) and `value_<name>` (parsed,
null where that failed) of the pull.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.contract import Column, Entity, Kind
from pipelines.extract.engine import quote_text
from pipelines.sources.mapping import ColumnMapping

_UNREADABLE = {
    Kind.DATE: "is no date",
    Kind.NUMERIC: "is no number",
    Kind.INTEGER: "is no whole number",
    Kind.BOOLEAN: "is no yes or no",
    Kind.TEXT: "is no text",
}

# An index entry of PostgreSQL holds 2,700 bytes; a key has up to two texts, beside the source's name.
LONGEST_KEY_BYTES = 600


@dataclass(frozen=True)
class Fault:
    """A condition under which a row is set aside, and the reason that is then given."""

    condition: str
    reason: str


def key_faults_of(entity: Entity, origins: dict[str, ColumnMapping], native: Collection[str] = ()) -> list[Fault]:
    """The rules of the key alone: all that is asked of a row which the source marks as deleted."""
    return faults_of(replace(entity, period=None), {name: origins[name] for name in entity.key}, native)


def faults_of(entity: Entity, origins: dict[str, ColumnMapping], native: Collection[str] = ()) -> list[Fault]:
    """All rules of an entity's mapped columns."""
    found = []
    for column in entity.columns:
        if column.name in origins:
            is_native = column.name in native
            found += list(_column_faults(column, origins[column.name], is_native))
            if column.kind is Kind.TEXT and column.name in entity.key and not is_native:
                found.append(_key_too_long(column.name))
    if entity.period and all(name in origins for name in entity.period):
        start, end = entity.period
        found.append(Fault(f"coalesce(value_{end} < value_{start}, false)", f"{end} lies before {start}"))
    return found


def reason_of(faults: list[Fault]) -> str:
    """SQL for the joined reasons, null for a row without fault; the texts are made for faulty rows only."""
    if not faults:
        return "cast(null as varchar)"
    any_fault = " or ".join(f"({fault.condition})" for fault in faults)
    reasons = ", ".join(f"case when {fault.condition} then {quote_text(fault.reason)} end" for fault in faults)
    return f"case when {any_fault} then concat_ws('; ', {reasons}) end"


def _column_faults(column: Column, origin: ColumnMapping, is_native: bool) -> Iterator[Fault]:
    name, value = column.name, f"value_{column.name}"
    raw = f"cast(raw_{name} as varchar)" if is_native else f"raw_{name}"
    blank = f"coalesce(trim({raw}), '') = ''"
    if origin.expression is not None:
        yield Fault(f"failed_{name}", f"{name}: the mapping's expression fails")
    if column.required:
        # Where the expression fails nobody knows what is missing.
        missing = blank if origin.expression is None else f"not failed_{name} and {blank}"
        yield Fault(f"case when {value} is not null then false else {missing} end", f"{name} is missing")
    if origin.codes is not None:
        known = ", ".join(quote_text(code) for code in origin.codes)
        yield Fault(f"coalesce({raw} <> '' and {raw} not in ({known}), false)", f"{name}: code is not in the mapping")
    elif column.kind is not Kind.TEXT:
        unreadable = f"case when {value} is not null then false else not ({blank}) end"
        yield Fault(unreadable, f"{name} {_UNREADABLE[column.kind]}")
    if column.kind is Kind.TEXT and not is_native:
        yield Fault(f"coalesce(contains({raw}, chr(0)), false)", f"{name} holds a NUL byte or is no UTF-8")
    if column.codes:
        known = ", ".join(quote_text(code) for code in column.codes)
        in_mapping = f" and {raw} in ({', '.join(quote_text(code) for code in origin.codes)})" if origin.codes else ""
        wrong = f"coalesce({value} not in ({known}){in_mapping}, false)"
        yield Fault(wrong, f"{name} is none of {', '.join(column.codes)}")
    yield from _bound_faults(column)


def _key_too_long(name: str) -> Fault:
    too_long = f"coalesce(strlen(raw_{name}) > {LONGEST_KEY_BYTES}, false)"
    return Fault(too_long, f"{name} is longer than {LONGEST_KEY_BYTES} bytes")


def _bound_faults(column: Column) -> Iterator[Fault]:
    name, value = column.name, f"value_{column.name}"
    integer = column.kind is Kind.INTEGER
    if column.above is not None:
        low = f"{value} <= {column.above}" if integer else f"not ({_greater(value, column.above)})"
        yield Fault(f"coalesce({value} is not null and {low}, false)", f"{name} must be above {column.above}")
    if column.minimum is not None:
        low = f"{value} < {column.minimum}" if integer else _less(value, column.minimum)
        yield Fault(f"coalesce({low}, false)", f"{name} must be at least {column.minimum}")
    if column.maximum is not None:
        high = f"{value} > {column.maximum}" if integer else _greater(value, column.maximum)
        yield Fault(f"coalesce({high}, false)", f"{name} must be at most {column.maximum}")


def _greater(value: str, bound: Decimal) -> str:
    if bound == 0:
        # A validated number that starts with 1 to 9 is above 0; only the others are looked at.
        return f"case when {value} >= '1' then true else not starts_with({value}, '-') and {_has_digit(value)} end"
    return _beyond(value, bound, ">")


def _less(value: str, bound: Decimal) -> str:
    if bound == 0:
        # Signs sort before the point and the digits.
        return f"case when {value} >= '.' then false else starts_with({value}, '-') and {_has_digit(value)} end"
    return _beyond(value, bound, "<")


def _has_digit(value: str) -> str:
    """Whether a number's mantissa holds a digit but 0."""
    return f"regexp_matches(split_part(lower({value}), 'e', 1), '[1-9]')"


def _beyond(value: str, bound: Decimal, sign: str) -> str:
    """A validated number text against a bound, exactly: a double decides unless it equals the bound."""
    double = f"try_cast({value} as double)"
    exact = f"coalesce(try_cast({value} as decimal(38, 28)) {sign} {bound}, false)"
    return f"case when {double} <> {bound} then {double} {sign} {bound} else {exact} end"
