"""How the CSV files of a folder are written, guessed from the first lines of each."""

from __future__ import annotations

import codecs
import gzip
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipelines.extract.files import is_csv, tables_of
from pipelines.sources.mapping import FileFormat

LOOKED_AT_BYTES = 256 * 1024
CHINESE_WORD_BYTES = 4
DELIMITERS = (",", ";", "\t", "|")
_COMMA_NUMBER = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d+")
_POINT_NUMBER = re.compile(r"-?\d+\.\d+")
_POINT_GROUPS = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class FolderFormat:
    """How most files of a folder are written.

    `others`: the tables that a mapping with this `form` cannot read, each with what is otherwise in its files.
    """

    form: FileFormat
    others: dict[str, dict[str, str]]


def guess_format(folder: Path) -> FolderFormat:
    """The format of a folder's CSV files; the defaults where it has none."""
    told = {table: told_by(path) for table, path in csv_files(folder).items()}
    form: dict[str, str] = {}
    for name in ("delimiter", "encoding", "decimal"):
        if values := Counter(found[name] for found in told.values() if name in found):
            form[name] = values.most_common(1)[0][0]
    others = {
        table: differing
        for table, found in told.items()
        if (differing := {name: found[name] for name in form if found.get(name, form[name]) != form[name]})
    }
    if form.get("decimal") == "," and any("thousands" in found for found in told.values()):
        form["thousands"] = "."
    return FolderFormat(FileFormat.model_validate(form), others)


def csv_files(folder: Path) -> dict[str, Path]:
    """The CSV file that shows how a table is written, by the table's name: of many parts the first."""
    return {table: files[0] for table, files in tables_of(folder).items() if is_csv(files[0])}


def told_by(file: Path) -> dict[str, str]:
    """What a file's beginning shows of its format; what it leaves open, such as the encoding of ASCII, is left out."""
    with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as handle:
        head = handle.read(LOOKED_AT_BYTES)
    encoding = _encoding(head)
    lines = head.decode(encoding, "ignore").splitlines() or [""]
    delimiter = max(DELIMITERS, key=lines[0].count)
    told = {"delimiter": delimiter} if delimiter in lines[0] else {}
    if not head.isascii():
        told["encoding"] = encoding
    if delimiter != ",":
        told |= _numbers([field.strip('" ') for line in lines[1:] for field in line.split(delimiter)])
    return told


def misread(file: Path, declared: str) -> str | None:
    """The encoding that a file is likelier in than in the declared one, which reads it too, as rubbish; else None."""
    likely, said = told_by(file).get("encoding"), codecs.lookup(declared).name
    is_western = said.startswith(("cp125", "iso8859", "latin"))
    is_rubbish = {
        "utf-8": said.startswith("gb") or is_western,
        "cp1252": said.startswith("gb"),
        "gb18030": is_western,
    }
    return likely if likely is not None and is_rubbish.get(likely) else None


def _numbers(fields: list[str]) -> dict[str, str]:
    grouped = [field for field in fields if _POINT_GROUPS.fullmatch(field)]
    has_comma = any(_COMMA_NUMBER.fullmatch(field) for field in fields)
    has_point = any(_POINT_NUMBER.fullmatch(field) for field in fields if not (has_comma and field in grouped))
    if has_comma == has_point:
        return {}
    return {"decimal": ",", **({"thousands": "."} if grouped else {})} if has_comma else {"decimal": "."}


def _encoding(head: bytes) -> str:
    """Western text reads as GB18030 too, as rubbish: but its letters beyond ASCII mostly stand alone, a byte each, and
    Chinese words are four such bytes and more.
    """
    if _reads(head, "utf-8"):
        return "utf-8"
    runs = [len(run) for run in _BEYOND_ASCII.findall(head)]
    is_chinese = sum(length >= CHINESE_WORD_BYTES for length in runs) > sum(length == 1 for length in runs)
    likely = ("gb18030", "cp1252") if is_chinese else ("cp1252", "gb18030")
    return next((name for name in likely if _reads(head, name)), "latin-1")


def _reads(head: bytes, encoding: str) -> bool:
    """Whether the bytes are of the encoding; the last character may be cut off."""
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == LOOKED_AT_BYTES
    return True
