"""What becomes of a checked row: DuckDB SQL for its landing row, and for the CSV lines of a reject and of a deletion.

A landing row leaves column by column wherever each of its columns has a type that PostgreSQL's binary COPY has too, for
that takes it half the work of reading text. Otherwise, where numbers come as text of any length and scale, it leaves as
a CSV line, and they reach PostgreSQL as the text that they are. The engine makes either, so that Python only carries
blocks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.contract import Column, Entity, Kind
from pipelines.extract.checks import LONGEST_KEY_BYTES
from pipelines.extract.engine import quote_name, quote_text
from pipelines.sources.mapping import UPDATED_AT, ColumnMapping

if TYPE_CHECKING:
    from pipelines.extract.pull import Plan

LINE, KEY_HASH = "line", "key_hash"
# Of a row set aside, beside its columns: canonical column -> what its expression reads, by source column, as delivered.
EXPRESSION_COLUMNS = "expression_columns"
# Between the parts of a key, and instead of a NUL.
KEY_SEPARATOR, NUL_SIGN = chr(31), chr(9216)
# The separator as SQL, of the engine and of PostgreSQL.
SEPARATOR_SQL = f"chr({ord(KEY_SEPARATOR)})"
# Five times as fast as the cast of an instant to text, which asks for the session's time zone row by row.
UPDATED_AT_TEXT = "coalesce(cast(make_timestamp(epoch_us(value_updated_at)) as varchar) || '+00', '')"
_TYPES = {Kind.TEXT: "varchar", Kind.DATE: "date", Kind.INTEGER: "bigint", Kind.BOOLEAN: "boolean"}
# The engine reads the text of a longer decimal a hundred times as slowly.
_LONGEST_FAST_DECIMAL = 18
_DECIMAL = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)")


def types_of(contract: Entity, origins: dict[str, ColumnMapping], types: dict[str, str]) -> dict[str, str] | None:
    """The engine's type of every landing column that is filled; None where a number is no decimal of the source's."""
    found = {}
    for column in contract.columns:
        if column.name in origins:
            kind = _type_of(column, origins[column.name], types)
            if kind is None:
                return None
            found[column.name] = kind
    return found | {UPDATED_AT: "timestamptz"}


def _type_of(column: Column, origin: ColumnMapping, types: dict[str, str]) -> str | None:
    if column.kind is not Kind.NUMERIC:
        return _TYPES[column.kind]
    declared = _DECIMAL.fullmatch(types.get(origin.column or "", ""))
    is_decimal = declared is not None and origin.codes is None and int(declared[1]) <= _LONGEST_FAST_DECIMAL
    return declared[0] if declared is not None and is_decimal else None


def row(types: dict[str, str]) -> str:
    """The landing row, column by column; what stands there of a row that is not admitted means nothing."""
    fields = []
    for name, kind in types.items():
        value = f"value_{name}"
        # Only a decimal is still text here: it is that of a decimal of the same type, which the source has vouched for.
        fields.append(f"cast({value} as {kind}) as {name}" if kind.startswith("DECIMAL") else f"{value} as {name}")
    return ", ".join(fields)


def line(plan: Plan) -> str:
    """The landing row as a CSV line; null for a row that is not admitted."""
    fields = [_csv_value(column) if column.name in plan.origins else "''" for column in plan.pull.contract.columns]
    return f"case when reason is null and not is_deleted then {_csv_line([*fields, UPDATED_AT_TEXT])} end"


def deletion(plan: Plan) -> str:
    """The key of a row that the source marks as deleted, as a CSV line."""
    contract = plan.pull.contract
    return _csv_line([_csv_value(contract.column(name)) for name in contract.key])


def whole_key(contract: Entity) -> str:
    """The key of a row, as `reject` writes it where every part is readable."""
    return f"concat_ws({SEPARATOR_SQL}, {', '.join(f'cast(value_{name} as varchar)' for name in contract.key)})"


def key_hash(contract: Entity) -> str:
    """A number that is the same for the same key."""
    return f"hash({', '.join(f'value_{name}' for name in contract.key)}) as {KEY_HASH}"


def read(column: str) -> str:
    """The name, within a pull, of a source column that an expression reads."""
    return quote_name(f"read_{column}")


def reject(plan: Plan) -> str:
    """A row set aside, as a CSV line: key, reason, the row as delivered, its stamp, whether the key is whole.

    Of a column with an expression the row holds what it gives, null if it fails, and EXPRESSION_COLUMNS what it reads.
    """
    contract = plan.pull.contract
    raw = {name: f"cast(raw_{name} as varchar)" if name in plan.native else f"raw_{name}" for name in plan.origins}
    parts = [f"coalesce(cast(value_{name} as varchar), {raw[name]}, '')" for name in contract.key]
    whole = " and ".join(f"value_{name} is not null" for name in contract.key)
    key = f"left(concat_ws({SEPARATOR_SQL}, {', '.join(parts)}), {LONGEST_KEY_BYTES})"
    record = {name: _storable(text) for name, text in raw.items()}
    reads = {
        name: _json({column: _storable(read(column)) for column in columns})
        for name, columns in plan.reads.items()
        if columns
    }
    if reads:
        record[EXPRESSION_COLUMNS] = _json(reads)
    fields = [_csv_text(_storable(key)), _csv_text("reason"), _csv_text(f"cast({_json(record)} as varchar)")]
    fields += [UPDATED_AT_TEXT, f"cast({whole} as varchar)"]
    return _csv_line(fields)


def _storable(text: str) -> str:
    """PostgreSQL's text takes no NUL; the sign for it stands in."""
    return f"replace({text}, chr(0), chr(9216))"


def _json(values: dict[str, str]) -> str:
    return f"json_object({', '.join(f'{quote_text(name)}, {value}' for name, value in values.items())})"


def _csv_line(fields: list[str]) -> str:
    return "concat(" + ", ',', ".join(fields) + ", chr(10))"


def _csv_text(text: str) -> str:
    """A quoted field; null becomes an empty unquoted one."""
    return f"""coalesce('"' || {_doubled_quotes(text)} || '"', '')"""


def _doubled_quotes(text: str) -> str:
    return f"""case when contains({text}, '"') then replace({text}, '"', '""') else {text} end"""


def _csv_value(column: Column) -> str:
    value = f"value_{column.name}"
    if column.kind is not Kind.TEXT:
        return f"coalesce(cast({value} as varchar), '')"
    return f"""'"', {_doubled_quotes(value)}, '"'""" if column.required else _csv_text(value)
