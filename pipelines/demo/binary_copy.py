"""Columns of numbers and bytes as PostgreSQL's binary COPY format, without a Python object per value.

Source of the format: PostgreSQL documentation, COPY, "Binary Format"; numeric as `numeric_send` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.demo.timeline import NULL, Array

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"
SLICE = 50_000
NUMERIC = re.compile(r"numeric\((\d+), ?(\d+)\)")
BASE = 10_000


@dataclass(frozen=True)
class Field:
    """A column of a generated PostgreSQL table.

    `type` is one of varchar(n), integer, date, timestamp, numeric(p,s); a numeric's values are whole numbers of its
    last decimal place.
    """

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class _Cell:
    """One field of all rows: `data` (rows, width) bytes, `lengths` -1 for null, None where all are `width` long."""

    data: Array
    lengths: Array | None


def _nulls(values: Array, width: int) -> Array | None:
    null = values == NULL
    return np.where(null, -1, width) if null.any() else None


def _whole(values: Array, dtype: str) -> _Cell:
    width = np.dtype(dtype).itemsize
    lengths = _nulls(values, width)
    safe = values if lengths is None else np.where(values == NULL, 0, values)
    return _Cell(safe.astype(dtype).view(np.uint8).reshape(len(values), width), lengths)


def _text(values: Array) -> _Cell:
    width = max(values.dtype.itemsize, 1)
    data = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), width)
    if (data[:, -1] != 0).all():
        return _Cell(data, None)
    lengths = np.strings.str_len(values)
    return _Cell(data, np.where(lengths == 0, -1, lengths))


def _numeric(values: Array, precision: int, scale: int) -> _Cell:
    fraction_groups = -(-scale // 4)
    integer_groups = -(-(precision - scale) // 4)
    groups = integer_groups + fraction_groups
    lengths = _nulls(values, 8 + 2 * groups)
    rest = np.abs(values if lengths is None else np.where(values == NULL, 0, values))
    words = np.empty((len(values), 4 + groups), dtype=">i2")
    words[:, 0], words[:, 1], words[:, 3] = groups, integer_groups - 1, scale
    words[:, 2] = np.where(values < 0, 0x4000, 0)
    if fraction_groups:
        rest, last = np.divmod(rest, 10 ** (scale - 4 * (fraction_groups - 1)))
        words[:, 3 + groups] = last * 10 ** (4 * fraction_groups - scale)
    for place in range(groups - 1 - bool(fraction_groups), -1, -1):
        rest, digits = np.divmod(rest, BASE)
        words[:, 4 + place] = digits
    return _Cell(words.view(np.uint8).reshape(len(values), -1), lengths)


def _cell(field: Field, values: Array) -> _Cell:
    if field.type.startswith("varchar"):
        return _text(values)
    if field.type in ("integer", "date"):
        return _whole(values, ">i4")
    if field.type == "timestamp":
        return _whole(np.where(values == NULL, NULL, values * 1_000_000), ">i8")
    numeric = NUMERIC.fullmatch(field.type)
    if numeric is None:
        raise ValueError(f"{field.name}: type {field.type} cannot be written")
    return _numeric(values, int(numeric[1]), int(numeric[2]))


def _encode_slice(cells: Sequence[_Cell]) -> bytes:
    rows = len(cells[0].data)
    buffer = np.empty((rows, 2 + sum(4 + cell.data.shape[1] for cell in cells)), dtype=np.uint8)
    buffer[:, :2] = np.frombuffer(len(cells).to_bytes(2, "big"), dtype=np.uint8)
    keep = np.ones(buffer.shape, dtype=bool) if any(cell.lengths is not None for cell in cells) else None
    position = 2
    for cell in cells:
        width = cell.data.shape[1]
        lengths = np.full(rows, width) if cell.lengths is None else cell.lengths
        buffer[:, position : position + 4] = lengths.astype(">i4").view(np.uint8).reshape(rows, 4)
        buffer[:, position + 4 : position + 4 + width] = cell.data
        if keep is not None and cell.lengths is not None:
            keep[:, position + 4 : position + 4 + width] = np.arange(width) < lengths[:, None]
        position += 4 + width
    return buffer.tobytes() if keep is None else buffer[keep].tobytes()


def encode(fields: Sequence[Field], columns: dict[str, Array]) -> Iterator[bytes]:
    """The rows as binary COPY, in pieces of bounded size, header and trailer included."""
    rows = len(columns[fields[0].name])
    yield HEADER
    for start in range(0, rows, SLICE):
        yield _encode_slice([_cell(field, columns[field.name][start : start + SLICE]) for field in fields])
    yield TRAILER
