"""Whether a source's column type can hold what the data contract asks for, before any row is looked at."""

from __future__ import annotations

from pipelines.contract import Column, Kind
from pipelines.sources.mapping import ColumnMapping

_WHOLE = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}
_NUMBERS = _WHOLE | {"DECIMAL", "DOUBLE", "FLOAT"}
_DAYS = {"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}
_OTHERS = {"TIME", "TIME WITH TIME ZONE", "UUID", "BLOB", "INTERVAL"}

# What can never be read as the kind, whatever the values.
_IMPOSSIBLE = {
    Kind.TEXT: set[str](),
    Kind.DATE: _NUMBERS | _OTHERS | {"BOOLEAN"},
    Kind.NUMERIC: _DAYS | _OTHERS | {"BOOLEAN"},
    Kind.INTEGER: _DAYS | _OTHERS | {"BOOLEAN"},
    Kind.BOOLEAN: _DAYS | _OTHERS,
}
_CURE = {
    Kind.DATE: "map a date column, or give `format` where digits spell a date",
    Kind.NUMERIC: "map a column that holds the number, or write an expression",
    Kind.INTEGER: "map a column that holds the whole number, or write an expression",
    Kind.BOOLEAN: "translate it by `codes`, or write an expression",
}


def misfit(column: Column, origin: ColumnMapping, source_type: str) -> str | None:
    """Why no value of the source column can be read, and the cure; None where it may be."""
    family = source_type.split("(")[0]
    if origin.codes is not None or (origin.format is not None and family in _WHOLE):
        return None
    is_nested = source_type.endswith("]") or family in ("STRUCT", "MAP", "UNION")
    if family not in _IMPOSSIBLE[column.kind] and not (is_nested and column.kind is not Kind.TEXT):
        return None
    return f"{origin.column} is of type {source_type}, which is no {column.kind.value}: {_CURE[column.kind]}"
