"""Reads mapping files and checks each as a whole against the data contract, before anything connects.

Every fault names file, line, entity, column and cure; all faults of a file are reported at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.contract import ENTITIES, ENTITY_BY_NAME, Column, Kind
from pipelines.settings import Settings
from pipelines.sources.mapping import UPDATED_AT, ColumnMapping, EntityMapping, Mapping, SourceKind
from pipelines.sources.statement_text import fault_in
from pipelines.sources.yaml_lines import Document, YamlError, read_yaml

SHIPPED = Path(__file__).with_name("mappings")
# What `cvp sources scaffold` writes where a person has to decide.
FILL_IN = "FILL_IN"
CURE_OF_A_GAP = "write what belongs there, or take the line out"


class MappingError(Exception):
    """A mapping file is missing or wrong; one line per fault: `file:line: entity.column: what; cure`."""


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
    gaps = [_Fault(path, f"{FILL_IN} is left: {CURE_OF_A_GAP}") for path in _gaps(document.value, [])]
    if gaps:
        raise MappingError(_render(file, document, gaps))
    try:
        mapping = Mapping.model_validate({**document.value, "file": file})
    except ValidationError as error:
        faults = [_Fault(_named_path(fault["loc"]), _plain(fault)) for fault in error.errors()]
        raise MappingError(_render(file, document, faults)) from None
    faults = [*_file_faults(mapping), *_contract_faults(mapping)]
    if faults:
        raise MappingError(_render(file, document, faults))
    return mapping


def _gaps(value: object, path: list[str | int]) -> Iterator[list[str | int]]:
    """Where something is still to be filled in."""
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    elif value == FILL_IN:
        yield path
    for step, part in parts:
        yield from [[*path, step]] if step == FILL_IN else _gaps(part, [*path, step])


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
    if mapping.rest is not None and mapping.kind is not SourceKind.REST:
        yield _Fault(["rest"], f"only kind rest takes it; the kind is {mapping.kind.value}")
    ids = {column.name for entity in ENTITIES for column in entity.columns if column.is_id}
    for name in mapping.id_prefix.shared if mapping.id_prefix else ():
        if name not in ids:
            yield _Fault(["id_prefix", "shared"], f"{name!r} is no id of the contract{_nearest(name, sorted(ids))}")


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
        yield from _pull_faults(path, mapping.kind, entity)
        yield from _rest_faults(path, mapping, entity)
        yield from _statement_faults(path, mapping.kind, entity)


def _pull_faults(path: list[str], kind: SourceKind, entity: EntityMapping) -> Iterator[_Fault]:
    if kind is SourceKind.FILES and entity.change_marker is not None:
        yield _Fault([*path, "change_marker"], "files are pulled whole: leave it out")
    if entity.deletion and entity.deletion.reconcile_every_nights and entity.change_marker is None:
        cure = "without a change_marker everything is pulled, and what vanished is found, every night: leave it out"
        yield _Fault([*path, "deletion", "reconcile_every_nights"], cure)


def _rest_faults(path: list[str], mapping: Mapping, entity: EntityMapping) -> Iterator[_Fault]:
    if mapping.kind is not SourceKind.REST:
        if entity.rest is not None:
            yield _Fault([*path, "rest"], f"only kind rest takes it; the kind is {mapping.kind.value}")
        return
    for name in ("query", "where"):
        if getattr(entity, name) is not None:
            yield _Fault([*path, name], "an API has no SQL: give the path as `table`, filters as `rest.parameters`")


def _statement_faults(path: list[str], kind: SourceKind, entity: EntityMapping) -> Iterator[_Fault]:
    """SQL that could not stand inside a statement of ours."""
    is_mysql = kind is SourceKind.MYSQL
    for name, text in (("query", entity.query), ("where", entity.where)):
        if fault := fault_in(text or "", backslash_escapes=is_mysql):
            yield _Fault([*path, name], fault)
    for target, origin in entity.columns.items():
        if fault := fault_in(origin.expression or ""):
            yield _Fault([*path, "columns", target, "expression"], fault)


def _column_faults(path: list[str], column: Column, origin: ColumnMapping) -> Iterator[_Fault]:
    if origin.format is not None and column.kind is not Kind.DATE:
        yield _Fault([*path, "format"], f"only a date column takes a format; {column.name} is {column.kind.value}")
    elif origin.format is not None and "%" not in origin.format:
        yield _Fault([*path, "format"], f"{origin.format!r} names no part of a date: write it as in %d.%m.%Y")
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
