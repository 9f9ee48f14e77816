"""A folder of CSV, TSV and Parquet files as a source: a table is a file's stem, a query is DuckDB SQL over the stems.

CSV arrives as text, column by column as the header names them; nothing is sniffed. A record that is no row (too few or
too many fields, bytes that are not the declared encoding) is set aside; a quote that is never closed is an error, since
it swallows the rows after it.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path

import duckdb

from pipelines.extract.engine import quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import TYPED, Access, Relation, Source, select_from
from pipelines.sources.mapping import EntityMapping, Mapping

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
LONGEST_RECORD_BYTES = 4 * 1024 * 1024
COPY_BLOCK_CHARACTERS = 1 << 20
DIGITS = 38


class FilesSource(Source):
    """A folder; every file in it is a view named by its stem."""

    native_types = TYPED

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        self.folder = Path(access.location.removeprefix("file://")).expanduser()
        if not self.folder.is_dir():
            raise FileNotFoundError(f"there is no folder {self.folder}: mend this source's location in the settings")
        self._seen: dict[Path, os.stat_result] = {}
        self._scans = -1

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        files = self._files()
        if entity.table is not None:
            if entity.table not in files:
                raise AbsentRelation(f"file {self.folder / entity.table} with one of {', '.join(SUFFIXES)}")
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
            "select scan_id, line, min(lower(error_type)), any_value(csv_line), any_value(file_path)"
            f" from reject_errors join reject_scans using (scan_id, file_id) where scan_id > {self._scans}"
            " group by scan_id, file_id, line order by scan_id, file_id, line"
        ).fetchall()
        # What an entity read before has set aside stands there too.
        self._scans = max([self._scans, *(row[0] for row in rows)])
        for _, line, error, record, file in rows:
            if error == "unquoted value" and "\n" in record.strip():
                raise ValueError(f"{file}:{line}: a quote that opens here is never closed; mend the file")
        return [
            (f"{Path(file).name}:{line}", f"the record is no row: {error}", record)
            for _, line, error, record, file in rows
        ]

    def stems(self) -> list[str]:
        """What a mapping can name as a table, in alphabetical order."""
        return sorted(self._files())

    def end(self) -> None:
        for path, before in self._seen.items():
            after = path.stat()
            if (after.st_mtime_ns, after.st_size, after.st_ino) != (before.st_mtime_ns, before.st_size, before.st_ino):
                raise OSError(f"{path} was changed while it was read: the next try reads all files again")

    def _files(self) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for path in sorted(self.folder.iterdir()):
            suffix = next((item for item in sorted(SUFFIXES, key=len, reverse=True) if path.name.endswith(item)), None)
            if suffix is None or not path.is_file():
                continue
            stem = path.name.removesuffix(suffix)
            if stem in files:
                raise ValueError(f"both {files[stem].name} and {path.name} lie in {self.folder}: remove one of them")
            files[stem] = path
        return files

    def _create_view(self, stem: str, path: Path) -> None:
        self._seen.setdefault(path, path.stat())
        select = self._read_parquet(path) if path.suffix == ".parquet" else f"select * from {self._read_csv(path)}"
        self.engine.execute(f"create or replace view {quote_name(stem)} as {select}")

    def _read_parquet(self, path: Path) -> str:
        """A select that gives no decimal of more digits than the engine has: it would come as a double, a wrong one."""
        file = quote_text(str(path))
        decimals = f"select name, precision from parquet_schema({file}) where converted_type = 'DECIMAL'"
        wide = self.engine.execute(f"{decimals} and precision > {DIGITS}").fetchall()
        refused = ", ".join(_refusal(path, name, digits) for name, digits in wide)
        return f"select *{f' replace ({refused})' if refused else ''} from read_parquet({file})"

    def _read_csv(self, path: Path) -> str:
        form = self.mapping.file_format
        delimiter = "\t" if ".tsv" in path.suffixes else form.delimiter
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
            "compression": "'gzip'" if path.suffix == ".gz" else "'none'",
            "max_line_size": str(LONGEST_RECORD_BYTES),
            "store_rejects": "true",
            "rejects_limit": "0",
        }
        given = ", ".join(f"{name} = {value}" for name, value in options.items())
        return f"read_csv({quote_text(str(utf8))}, {given})"

    def _as_utf8(self, path: Path) -> Path:
        """A copy in UTF-8 beside the engine's own temporary files, with which it is removed."""
        folder = Path(self.engine.execute("select current_setting('temp_directory')").fetchall()[0][0])
        copy = folder / path.name
        encoding = self.mapping.file_format.encoding
        try:
            with _open_text(path, encoding) as source, _open_text(copy, "utf-8", "w") as target:
                while block := source.read(COPY_BLOCK_CHARACTERS):
                    target.write(block)
        except UnicodeDecodeError as error:
            cure = "set `files.encoding` of the mapping"
            raise ValueError(f"{path} is not {encoding} ({error.reason}): {cure}") from error
        return copy


def _refusal(path: Path, name: str, digits: int) -> str:
    message = f"{path.name}: {name} is a decimal of {digits} digits, the engine reads {DIGITS}: write fewer, or text"
    return f"cast(error({quote_text(message)}) as varchar) as {quote_name(name)}"


def _open_text(path: Path, encoding: str, mode: str = "r", errors: str = "strict") -> io.TextIOWrapper:
    opened = gzip.open(path, f"{mode}b") if path.suffix == ".gz" else path.open(f"{mode}b")  # noqa: SIM115 - wrapped
    return io.TextIOWrapper(opened, encoding=encoding, errors=errors, newline="")  # type: ignore[arg-type]


def _header(path: Path, delimiter: str, quote: str) -> list[str]:
    """The column names that the first record gives."""
    # Bytes that are no UTF-8 may follow the header in the block that is read: they are no fault of it.
    with _open_text(path, "utf-8-sig", errors="replace") as handle:
        try:
            names = next(csv.reader(handle, delimiter=delimiter, quotechar=quote, strict=True), [])
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
