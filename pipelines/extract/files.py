"""A folder of CSV, TSV and Parquet files as a source: a table is a file's stem, a query is DuckDB SQL over the stems.

A folder within it whose files are the parts of one table, as Spark and others write them, is a table too.

CSV arrives as text, column by column as the header names them; nothing is sniffed. A record that is no row (too few or
too many fields, bytes that are not the declared encoding) is set aside; a quote that is never closed is an error, since
it swallows the rows after it.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import duckdb
import numpy as np

from pipelines.extract.engine import quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import TYPED, Access, Relation, Source, select_from
from pipelines.sources.mapping import EntityMapping, Mapping

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
LONGEST_RECORD_BYTES = 4 * 1024 * 1024
COPY_BLOCK_CHARACTERS = 1 << 20
DIGITS = 38
# The engine keeps them in memory, a kilobyte each.
BAD_RECORDS_KEPT = 50_000
# The engine cuts larger files into pieces of twice that.
PIECE_BYTES = 4_000_000
LINE_FEED, CARRIAGE_RETURN = 10, 13
# Of a larger file the beginning is looked at first.
HEAD_BYTES = 1 << 20
# How Python brings bytes that are not of an encoding through its text, and what they are there.
KEPT_AS_BYTES, _WRONG_BYTE = "surrogateescape", re.compile("[\udc80-\udcff]")
LARGEST_SHARE_OF_WRONG_BYTES = 0.05
# Stands for a delimiter of several characters, for Python's reader of CSV takes one only.
ONE_CHARACTER = chr(31)


class FilesSource(Source):
    """A folder; every file in it, and every folder of parts, is a view named by its stem."""

    native_types = TYPED

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        self.folder = Path(access.location.removeprefix("file://")).expanduser()
        if not self.folder.is_dir():
            raise FileNotFoundError(f"there is no folder {self.folder}: mend this source's location in the settings")
        self._seen: dict[Path, os.stat_result] = {}
        self._scans = -1

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        files = tables_of(self.folder)
        if entity.table is not None:
            if entity.table not in files:
                raise AbsentRelation(
                    f"file {self.folder / entity.table} with one of {', '.join(SUFFIXES)}, nor folder of such files"
                )
            self._create_view(entity.table, files[entity.table])
        else:
            for stem in sorted(files):
                if stem in entity.query:  # type: ignore[operator]
                    self._create_view(stem, files[stem])
        return self._describe(f"select * from {_from(entity)}")

    def select(self, relation: Relation) -> str:
        return select_from(_from(relation.entity), relation)

    def set_aside(self) -> list[tuple[str, str, str]]:
        found = "select count(*) from duckdb_tables() where table_name = 'reject_errors'"
        if self.engine.execute(found).fetchall() == [(0,)]:
            return []
        rows = self.engine.execute(
            "select scan_id, line, min(lower(error_type)), any_value(csv_line), any_value(file_path), count(*)"
            f" from reject_errors join reject_scans using (scan_id, file_id) where scan_id > {self._scans}"
            " group by scan_id, file_id, line order by scan_id, file_id, line"
        ).fetchall()
        kept: Counter[int] = Counter()
        for scan, line, error, _, file, count in rows:
            kept[scan] += count
            if kept[scan] >= BAD_RECORDS_KEPT:
                raise ValueError(
                    f"{file}:{line}: {BAD_RECORDS_KEPT:,} times up to here a record is no row ({error}): mend the"
                    " file, or `files` of the mapping"
                )
        # What an entity read before has set aside stands there too.
        self._scans = max([self._scans, *(row[0] for row in rows)])
        for _, line, error, record, file, _ in rows:
            if error == "unquoted value" and "\n" in record.strip():
                raise ValueError(f"{file}:{line}: a quote that opens here is never closed; mend the file")
        return [
            (f"{self._label(Path(file))}:{line}", f"the record is no row: {error}", record)
            for _, line, error, record, file, _ in rows
        ]

    def stems(self) -> list[str]:
        """What a mapping can name as a table, in alphabetical order."""
        return sorted(tables_of(self.folder))

    def end(self) -> None:
        for path, before in self._seen.items():
            after = path.stat()
            if (after.st_mtime_ns, after.st_size, after.st_ino) != (before.st_mtime_ns, before.st_size, before.st_ino):
                raise OSError(f"{path} was changed while it was read: the next try reads all files again")

    def _create_view(self, stem: str, parts: list[Path]) -> None:
        selects = []
        first: dict[str, str] = {}
        for path in parts:
            self._seen.setdefault(path, path.stat())
            select = self._read_parquet(path) if _is(path, ".parquet") else f"select * from {self._read_csv(path)}"
            selects.append(select)
            if len(parts) > 1:
                columns = self._describe(select)
                first = first or columns
                if columns != first:
                    other = ", ".join(sorted(f"{name} {kind}" for name, kind in columns.items() ^ first.items()))
                    raise ValueError(f"{path}: its columns are not those of {parts[0].name} beside it ({other})")
        united = " union all by name ".join(selects)
        self.engine.execute(f"create or replace view {quote_name(stem)} as {united}")

    def _read_parquet(self, path: Path) -> str:
        """A select that gives no decimal of more digits than the engine has: it would come as a double, a wrong one."""
        file = quote_text(str(path))
        decimals = f"select name, precision from parquet_schema({file}) where converted_type = 'DECIMAL'"
        wide = self.engine.execute(f"{decimals} and precision > {DIGITS}").fetchall()
        refused = ", ".join(_refusal(path, name, digits) for name, digits in wide)
        return f"select *{f' replace ({refused})' if refused else ''} from read_parquet({file})"

    def _read_csv(self, path: Path) -> str:
        form = self.mapping.file_format
        delimiter = "\t" if _is(path, ".tsv", ".tsv.gz") else form.delimiter
        utf8 = path if form.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else self._as_utf8(path)
        names = _header(utf8, delimiter, form.quote)
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in names)
        options = {
            "columns": f"{{{columns}}}",
            "auto_detect": "false",
            "header": "true",
            "delim": quote_text(delimiter),
            "quote": quote_text(form.quote),
            "escape": quote_text(form.quote),
            "compression": "'gzip'" if _is(path, ".gz") else "'none'",
            "max_line_size": str(LONGEST_RECORD_BYTES),
            "store_rejects": "true",
            "rejects_limit": str(BAD_RECORDS_KEPT),
            "parallel": str(not self._needs_one_piece(path, utf8)).lower(),
        }
        if utf8.stat().st_size > HEAD_BYTES:
            self._refuse_other_rows(path, utf8, options)
        return _scan(utf8, options)

    def _needs_one_piece(self, path: Path, utf8: Path) -> bool:
        """Whether a file is so large that the engine reads it in pieces, and has texts of several lines: a piece that
        begins inside such a text would make rows that are none.

        Of a file in one piece the engine does not say that a quote is never closed, so quotes must come in pairs.
        """
        size, is_open, has_long_texts = 0, False, False
        quote = ord(self.mapping.file_format.quote)
        with _open_bytes(utf8) as handle:
            while block := handle.read(COPY_BLOCK_CHARACTERS):
                size += len(block)
                if not is_open and quote not in block:
                    continue
                codes = np.frombuffer(block, np.uint8)
                quotes = np.flatnonzero(codes == quote)
                ends = np.flatnonzero((codes == LINE_FEED) | (codes == CARRIAGE_RETURN))
                has_long_texts |= bool(np.any((np.searchsorted(quotes, ends) + is_open) % 2))
                is_open = (len(quotes) + is_open) % 2 == 1
        needs_one_piece = has_long_texts and size > PIECE_BYTES
        if needs_one_piece and is_open:
            raise ValueError(
                f"{path}: it holds an odd number of quotes: one is never closed, or stands inside a text that is not"
                " quoted. Mend it (a quote inside a quoted text is doubled), or name another `quote` in the mapping"
            )
        return needs_one_piece

    def _refuse_other_rows(self, path: Path, utf8: Path, options: dict[str, str]) -> None:
        """Refuse a large file most of whose records are no rows, by its beginning.

        The engine keeps a kilobyte for each of them, whatever their number, before it can say so.
        """
        head = self._temporary(f"head_of_{path.name}")
        with _open_bytes(utf8) as source, _open_bytes(head, "w") as target:
            content = source.read(HEAD_BYTES)
            target.write(content[: content.rfind(b"\n" if b"\n" in content else b"\r") + 1])
        own = {"rejects_table": "'head_errors'", "rejects_scan": "'head_scans'"}
        rows = self.engine.execute(f"select count(*) from {_scan(head, options | own)}").fetchall()[0][0]
        bad = "select count(distinct line), min(line), min(lower(error_type)) from head_errors"
        count, line, error = self.engine.execute(bad).fetchall()[0]
        self.engine.execute("drop table head_errors; drop table head_scans")
        head.unlink()
        if count > rows:
            raise ValueError(
                f"{path}:{line}: {count} of the first {rows + count} records are no rows ({error}): mend the file, or"
                " `files` of the mapping"
            )

    def _label(self, path: Path) -> str:
        """How a file or its copy is called: with its folder where it is a part."""
        is_part = path.parent not in (self.folder, self._temporary(path.name).parent)
        return f"{path.parent.name}/{path.name}" if is_part else path.name

    def _temporary(self, name: str) -> Path:
        """A place beside the engine's own temporary files, with which it is removed."""
        return Path(self.engine.execute("select current_setting('temp_directory')").fetchall()[0][0]) / name

    def _as_utf8(self, path: Path) -> Path:
        """A copy in UTF-8; a byte that is not of the encoding stays as it is, and the engine sets its record aside.

        Where they are more than a few of the letters beyond ASCII, the whole file is in another encoding.
        """
        copy = self._temporary(self._label(path))
        copy.parent.mkdir(exist_ok=True)
        encoding = self.mapping.file_format.encoding
        letters = wrong = 0
        try:
            with _open_text(path, encoding, errors=KEPT_AS_BYTES) as source, _open_bytes(copy, "w") as target:
                while block := source.read(COPY_BLOCK_CHARACTERS):
                    target.write(block.encode("utf-8", KEPT_AS_BYTES))
                    if not block.isascii():
                        letters += len(block) - len(block.encode("ascii", "ignore"))
                        wrong += len(_WRONG_BYTE.findall(block))
            reason = f"{wrong} bytes are no letters of it" if wrong > LARGEST_SHARE_OF_WRONG_BYTES * letters else None
        except UnicodeDecodeError as error:
            reason = error.reason
        if reason is not None:
            raise ValueError(f"{path} is not {encoding} ({reason}): set `files.encoding` of the mapping")
        return copy


def tables_of(folder: Path) -> dict[str, list[Path]]:
    """The files of every table of a folder, by its name.

    Raises:
        ValueError: two files, or a file and a folder of parts, have one name.
    """
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        parts = _parts(path) if path.is_dir() else [path] if path.is_file() and _suffix(path) else []
        if not parts:
            continue
        stem = path.name.removesuffix(_suffix(path))
        if stem in files:
            first = files[stem][0]
            other = first if first.parent == folder else first.parent
            raise ValueError(f"both {other.name} and {path.name} lie in {folder}: remove one of them")
        files[stem] = parts
    return files


def is_csv(path: Path) -> bool:
    """Whether a file's name is that of a CSV file; one of tabs is none."""
    return _is(path, ".csv", ".csv.gz")


def _refusal(path: Path, name: str, digits: int) -> str:
    message = f"{path.name}: {name} is a decimal of {digits} digits, the engine reads {DIGITS}: write fewer, or text"
    return f"cast(error({quote_text(message)}) as varchar) as {quote_name(name)}"


def _scan(path: Path, options: dict[str, str]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in options.items())
    return f"read_csv({quote_text(str(path))}, {given})"


def _suffix(path: Path) -> str:
    """Which of SUFFIXES a name ends with, as it is written there; empty: none."""
    longest = sorted(SUFFIXES, key=len, reverse=True)
    return next((path.name[-len(item) :] for item in longest if path.name.lower().endswith(item)), "")


def _parts(folder: Path) -> list[Path]:
    """The files that a folder's table consists of; those that Spark hides are none."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and _suffix(path) and path.name[0] not in "._"]


def _is(path: Path, *suffixes: str) -> bool:
    return path.name.lower().endswith(suffixes)


def _open_text(path: Path, encoding: str, mode: str = "r", errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(_open_bytes(path, mode), encoding=encoding, errors=errors, newline="")


def _open_bytes(path: Path, mode: str = "r") -> IO[Any]:
    opener: Callable[..., IO[Any]] = gzip.open if _is(path, ".gz") else open
    return opener(path, f"{mode}b")


def _header(path: Path, delimiter: str, quote: str) -> list[str]:
    """The column names that the first record gives."""
    # Bytes that are no UTF-8 may follow the header in the block that is read: they are no fault of it.
    with _open_text(path, "utf-8-sig", errors="replace") as handle:
        try:
            one = delimiter if len(delimiter) == 1 else ONE_CHARACTER
            records = csv.reader(
                (line.replace(delimiter, one) for line in handle), delimiter=one, quotechar=quote, strict=True
            )
            names = [name.replace(one, delimiter) for name in next(records, [])]
        except csv.Error as error:
            raise ValueError(f"{path}:1: the header cannot be read ({error}): set `files` of the mapping") from error
    if any("\ufffd" in name for name in names):
        raise ValueError(f"{path}:1: the header cannot be read (no UTF-8): set `files.encoding` of the mapping")
    if not names:
        raise ValueError(f"{path} is empty: its first line must hold the column names")
    doubled = {name for name in names if [item.lower() for item in names].count(name.lower()) > 1}
    if doubled or "" in names:
        raise ValueError(f"{path}:1: the header names {', '.join(sorted(doubled)) or 'a column by nothing'} twice")
    return names


def _from(entity: EntityMapping) -> str:
    return quote_name(entity.table) if entity.table is not None else f"({entity.query}\n) as delivered"
