"""How the CSV files of a folder are written, guessed from their first lines."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.sources.mapping import FileFormat

LOOKED_AT_BYTES = 256 * 1024
ENCODINGS = ("utf-8", "gb18030", "cp1252")
DELIMITERS = (",", ";", "\t", "|")
_COMMA_NUMBER = re.compile(r"-?\d+,\d+")
_POINT_NUMBER = re.compile(r"-?\d+\.\d+")


def guess_format(folder: Path) -> FileFormat:
    """The format of a folder's first .csv file; the defaults where it has none."""
    file = next(iter(sorted(folder.glob("*.csv"))), None)
    if file is None:
        return FileFormat()
    with file.open("rb") as handle:
        head = handle.read(LOOKED_AT_BYTES)
    encoding = next((name for name in ENCODINGS if _reads(head, name)), "latin-1")
    lines = head.decode(encoding, "ignore").splitlines() or [""]
    delimiter = max(DELIMITERS, key=lines[0].count)
    fields = [field.strip('" ') for line in lines[1:] for field in line.split(delimiter)]
    has_comma = delimiter != "," and any(map(_COMMA_NUMBER.fullmatch, fields))
    decimal = "," if has_comma and not any(map(_POINT_NUMBER.fullmatch, fields)) else "."
    return FileFormat(delimiter=delimiter, encoding=encoding, decimal=decimal)


def _reads(head: bytes, encoding: str) -> bool:
    """Whether the bytes are of the encoding; the last character may be cut off."""
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == LOOKED_AT_BYTES
    return True
