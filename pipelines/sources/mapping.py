"""A mapping file as typed values: how one source system delivers the canonical entities.

The format stands in `pipelines/sources/README.md`; `canonical.yml` is the worked example. A file is checked as a whole
against the data contract before anything connects, and every fault names file, line, entity, column and cure.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.contract import ENTITY_BY_NAME, Column, Kind
from pipelines.settings import Settings
from pipelines.sources.yaml_lines import Document, YamlError, read_yaml

SHIPPED = Path(__file__).with_name("mappings")
# A source may deliver its own change marker without the engine pulling by it.
UPDATED_AT = "updated_at"


class MappingError(Exception):
    """A mapping file is missing or wrong; one line per fault: `file:line: entity.column: what; cure`."""


class SourceKind(StrEnum):
    """What stands behind a location."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    FILES = "files"
    SQLALCHEMY = "sqlalchemy"


def _as_text(value: object) -> object:
    """A scalar as the text that stands in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChangeMarker(_Part):
    """The source column by which changed rows are found.

    `timestamp`: of a row's last change; `id`: a number that only grows (finds new rows, never changed ones).
    The overlaps look back before the watermark; they must be longer than the source's longest transaction.
    """

    column: str
    type: Literal["timestamp", "id"] = "timestamp"
    overlap_minutes: int | None = Field(None, ge=0, description="type timestamp; default: the settings' value")
    overlap_ids: int = Field(10_000, ge=0, description="type id")


class FileFormat(_Part):
    """How the CSV files of a folder are written. Parquet files say it themselves."""

    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Annotated[str, Field(max_length=1)] = ""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; write for example utf-8 or gb18030") from None
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.thousands == self.decimal or self.delimiter in (self.quote, "\n", "\r"):
            raise ValueError("delimiter, quote, decimal and thousands must differ from each other")
        return self


class ColumnMapping(_Part):
    """Where one canonical column comes from: a source column, a constant, or DuckDB SQL over the source's columns."""

    column: str | None = None
    constant: Annotated[str | None, BeforeValidator(_as_text)] = None
    expression: str | None = None
    codes: dict[str, Annotated[str | None, BeforeValidator(_as_text)]] | None = None
    format: str | None = Field(None, description="strptime format of a date column that is not ISO 8601")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ("column", "constant", "expression") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of column, constant, expression; found {', '.join(given) or 'none'}")
        if self.constant is not None and (self.codes or self.format):
            raise ValueError("a constant takes neither codes nor a format")
        return self


class AcceptedRejects(_Part):
    """A share of an entity's rows that somebody has looked at and accepts as unusable, so that it stops no night."""

    share: Decimal = Field(ge=0, le=1)
    reason: str = Field(min_length=10)
    decided_on: date


class EntityMapping(_Part):
    """How one entity is read."""

    table: str | None = None
    query: str | None = None
    where: str | None = None
    change_marker: ChangeMarker | None = None
    absent: Literal["error", "allowed"] = "error"
    absent_columns: Literal["error", "allowed"] = "error"
    accepted_rejects: AcceptedRejects | None = None
    columns: dict[str, ColumnMapping]

    @model_validator(mode="after")
    def _one_relation(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give exactly one of table and query")
        return self


class Mapping(_Part):
    """One source system. `file` is where it was read from; `time_zone` None is the company's own."""

    source_system: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    description: str
    kind: SourceKind
    time_zone: str | None = None
    files: FileFormat | None = None
    entities: dict[str, EntityMapping] = Field(min_length=1)
    file: Path

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                raise ValueError(f"{value!r} is no IANA time zone; write for example Asia/Shanghai") from None
        return value

    @property
    def file_format(self) -> FileFormat:
        return self.files or FileFormat()


class _Fault(Exception):
    def __init__(self, path: Sequence[str | int], message: str) -> None:
        super().__init__(message)
        self.path = tuple(path)


def load_mapping(name: str, settings: Settings) -> Mapping:
    """The mapping of that name: `<name>.yml` in the settings' mapping folders, else among the shipped ones.

    Raises:
        MappingError: there is no such file, or it breaks the format or the contract; all faults at once.
    """
    folders = [*settings.mapping_folders, SHIPPED]
    for folder in folders:
        file = folder / f"{name}.yml"
        if file.is_file():
            return read_mapping(file)
    known = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yml")})
    raise MappingError(
        f"there is no mapping {name!r} ({name}.yml) in {', '.join(map(str, folders))}; known: {', '.join(known)}"
    )


def read_mapping(file: Path) -> Mapping:
    """Read and check one mapping file; raises MappingError as `load_mapping` does."""
    try:
        document = read_yaml(file.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise MappingError(f"{file}:1: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except YamlError as error:
        raise MappingError(f"{file}:{error.line}: {error}") from None
    if not isinstance(document.value, dict):
        raise MappingError(f"{file}:1: a mapping file starts with source_system, description, kind and entities")
    try:
        mapping = Mapping.model_validate({**document.value, "file": file})
    except ValidationError as error:
        faults = [_Fault(_named_path(fault["loc"]), _plain(fault)) for fault in error.errors()]
        raise MappingError(_render(file, document, faults)) from None
    faults = [*_file_faults(mapping), *_contract_faults(mapping)]
    if faults:
        raise MappingError(_render(file, document, faults))
    return mapping


def _named_path(location: tuple[int | str, ...]) -> list[str | int]:
    return [step for step in location if step != "[key]"]


def _plain(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key; see pipelines/sources/README.md for the keys"
    return str(fault["msg"]).removeprefix("Value error, ")


def _render(file: Path, document: Document, faults: Sequence[_Fault]) -> str:
    lines = []
    for fault in faults:
        *folders, last = fault.path or ("",)
        where = ".".join(
            str(step) for step in [*(step for step in folders if step not in ("entities", "columns")), last]
        )
        lines.append((document.line(fault.path), f"{where}: {fault}" if where else str(fault)))
    return "\n".join(f"{file}:{line}: {text}" for line, text in sorted(lines))


def _file_faults(mapping: Mapping) -> Iterator[_Fault]:
    if mapping.source_system != mapping.file.stem:
        yield _Fault(
            ["source_system"], f"is {mapping.source_system!r}, but the file is {mapping.file.name}: name them alike"
        )
    if mapping.files is not None and mapping.kind is not SourceKind.FILES:
        yield _Fault(["files"], f"only kind files takes it; the kind is {mapping.kind.value}")


def _contract_faults(mapping: Mapping) -> Iterator[_Fault]:
    for name, entity in mapping.entities.items():
        path = ["entities", name]
        contract = ENTITY_BY_NAME.get(name)
        if contract is None:
            yield _Fault(path, f"unknown entity{_nearest(name, ENTITY_BY_NAME)}")
            continue
        columns = {column.name: column for column in contract.columns}
        for target, origin in entity.columns.items():
            if target != UPDATED_AT and target not in columns:
                yield _Fault([*path, "columns", target], f"unknown column of {name}{_nearest(target, columns)}")
            elif target != UPDATED_AT:
                yield from _column_faults([*path, "columns", target], columns[target], origin)
        for column in contract.columns:
            if column.required and column.name not in entity.columns:
                what = "key column" if column.name in contract.key else "required column"
                yield _Fault([*path, "columns"], f"the {what} {column.name} is not mapped: add `{column.name}: ...`")
        if UPDATED_AT in entity.columns and entity.change_marker is not None:
            yield _Fault([*path, "columns", UPDATED_AT], "the change marker fills it: leave it out")
        if mapping.kind is SourceKind.FILES and entity.change_marker is not None:
            yield _Fault([*path, "change_marker"], "files are pulled whole: leave it out")


def _column_faults(path: list[str], column: Column, origin: ColumnMapping) -> Iterator[_Fault]:
    if origin.format is not None and column.kind is not Kind.DATE:
        yield _Fault([*path, "format"], f"only a date column takes a format; {column.name} is {column.kind.value}")
    allowed = ("true", "false") if column.kind is Kind.BOOLEAN else column.codes
    for code, target in (origin.codes or {}).items():
        if target is None and column.required:
            yield _Fault([*path, "codes", code], f"{column.name} is required: a code cannot mean null")
        if target is not None and allowed and target not in allowed:
            yield _Fault([*path, "codes", code], f"{target!r} is none of {', '.join(allowed)}")
    if origin.constant is not None and allowed and origin.constant not in allowed:
        yield _Fault([*path, "constant"], f"{origin.constant!r} is none of {', '.join(allowed)}")


def _nearest(name: str, known: object) -> str:
    names = list(known)  # type: ignore[call-overload]
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(names)}"
