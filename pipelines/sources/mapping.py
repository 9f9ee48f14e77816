"""A mapping file as typed values: how one source system delivers the canonical entities.

The format stands in `pipelines/sources/README.md`; `canonical.yml` is the worked example, `reading` reads and checks.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.contract import Column

# A source may deliver its own change marker without the engine pulling by it.
UPDATED_AT = "updated_at"
LONGEST_DELIMITER_BYTES = 4


class SourceKind(StrEnum):
    """What stands behind a location."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    FILES = "files"
    SQLALCHEMY = "sqlalchemy"
    REST = "rest"


class PagingStyle(StrEnum):
    """How a REST API continues a list: by page number, offset, cursor, the next page's URL, or not at all."""

    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    LINK = "link"
    NONE = "none"


def _as_text(value: object) -> object:
    """A scalar as the text that stands in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _as_list(value: object) -> object:
    """One value stands for a list of it."""
    return value if value is None or isinstance(value, list) else [value]


def _unless_none(value: object) -> object:
    return None if value == "none" else value


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


# `values: any`: whatever is no empty text, for a column such as deleted_at.
ANY_VALUE = "any"


class Deletion(_Part):
    """How rows that the source deletes are found: it marks them, or all are compared every so many nights, or both.

    `flag` is a source column; a row whose text in it is one of `values` is a deleted one. `values` [ANY_VALUE]: any
    text that is not empty; None: a yes of the usual spellings (true, t, yes, y, 1).
    """

    flag: str | None = None
    values: Annotated[list[Annotated[str, BeforeValidator(_as_text)]] | None, BeforeValidator(_as_list)] = None
    reconcile_every_nights: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.flag is None and self.reconcile_every_nights is None:
            raise ValueError("give flag or reconcile_every_nights (or both), or write `deletion: none`")
        if self.values is not None and (self.flag is None or not self.values):
            raise ValueError("values are the texts in the flag's column that mean deleted: give flag, and at least one")
        return self


class IdPrefix(_Part):
    """A text before every id of a source, so that two systems may use the same numbers.

    It applies to the keys and to the references, of all entities. `shared` names the canonical columns whose ids mean
    the same in the other systems and stay as they are.
    """

    text: str = Field(pattern=r"^[A-Za-z0-9_.:/-]{1,20}$")
    shared: list[str] = []

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return value if isinstance(value, dict | IdPrefix) else {"text": _as_text(value)}


class FileFormat(_Part):
    """How the CSV files of a folder are written. Parquet files say it themselves."""

    delimiter: str = Field(",", min_length=1, max_length=LONGEST_DELIMITER_BYTES)
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
        if self.thousands == self.decimal or any(mark in self.delimiter for mark in (self.quote, "\n", "\r")):
            raise ValueError("delimiter, quote, decimal and thousands must differ from each other")
        if len(self.delimiter.encode()) > LONGEST_DELIMITER_BYTES:
            raise ValueError(f"the delimiter is longer than {LONGEST_DELIMITER_BYTES} bytes, which the engine reads")
        return self


class Paging(_Part):
    """The request parameters of paging. `next` is where an answer names the cursor, or the next page's URL; a link may
    also come in the header `Link`. `first` is the number of the first page, or the first offset.
    """

    style: PagingStyle = PagingStyle.NONE
    parameter: str = ""
    next: str | None = None
    size_parameter: str | None = None
    size: int = Field(200, ge=1)
    first: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _first_of_style(cls, value: object) -> object:
        return {"first": 1, **value} if isinstance(value, dict) and value.get("style") == PagingStyle.PAGE else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.style in (PagingStyle.PAGE, PagingStyle.OFFSET, PagingStyle.CURSOR) and not self.parameter:
            raise ValueError(f"style {self.style.value} needs `parameter`: the request parameter that it sets")
        if self.style is PagingStyle.CURSOR and not self.next:
            raise ValueError("style cursor needs `next`: where an answer names the next cursor")
        return self


class RestSource(_Part):
    """How the lists of a REST API are read. Paths into an answer are dotted names; base URL and headers are settings.

    `records`: where an answer holds its list (empty: it is the list); `total`: where it names the number of records;
    `since_parameter`: the request parameter that takes the start of an incremental pull; `parameters`: sent always.
    """

    records: str = ""
    paging: Paging = Paging()
    total: str | None = None
    since_parameter: str | None = None
    since_format: Literal["iso", "date", "epoch_seconds", "epoch_milliseconds"] = "iso"
    parameters: dict[str, Annotated[str, BeforeValidator(_as_text)]] = {}


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
    deletion: Annotated[Deletion | None, BeforeValidator(_unless_none)] = None
    absent: Literal["error", "allowed"] = "error"
    absent_columns: Literal["error", "allowed"] = "error"
    accepted_rejects: AcceptedRejects | None = None
    rest: RestSource | None = Field(None, description="kind rest only: what differs from the source's own `rest`")
    columns: dict[str, ColumnMapping]

    @model_validator(mode="after")
    def _one_relation(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give exactly one of table and query")
        return self

    def rest_of(self, source: RestSource) -> RestSource:
        """How this entity's list is read, where the source's lists are read so."""
        given = self.rest.model_fields_set if self.rest else set()
        return source.model_copy(update={name: getattr(self.rest, name) for name in given})


class Mapping(_Part):
    """One source system. `file` is where it was read from; `time_zone` None is the company's own."""

    source_system: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    description: str
    kind: SourceKind
    time_zone: str | None = None
    id_prefix: IdPrefix | None = None
    files: FileFormat | None = None
    rest: RestSource | None = None
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

    def prefix_of(self, column: Column) -> str:
        """What stands before the ids of a canonical column; empty for any other column."""
        if self.id_prefix is None or not column.is_id or column.name in self.id_prefix.shared:
            return ""
        return self.id_prefix.text
