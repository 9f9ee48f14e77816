"""One pull of one entity: the statement that reads a source, checks every row and makes it ready for COPY.

What the statement gives of a row: the landing row itself, as a CSV `line` or column by column (see the module `lines`),
for an admitted row; `deletion`, a CSV line of the key, for a row that the source marks as deleted; `reject`, a CSV line
of a row set aside, for any other; `mark`, the change marker as a number (of microseconds since 1970 for a timestamp),
NO_MARK where it is null or in the future: a row dated ahead would hide those after it; `unclear`, 1 where a local
time in it is one that the source's clocks skip or repeat; and of a pull by marker `key_hash`, equal for equal keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.contract import Column, Entity, Kind
from pipelines.extract import lines
from pipelines.extract.checks import Fault, faults_of, key_faults_of, reason_of
from pipelines.extract.engine import quote_name, quote_text
from pipelines.extract.errors import ExtractionError
from pipelines.extract.parsing import Delivered, instant, is_unclear, parsed, serves
from pipelines.extract.source import Relation, Sample, Since, Source, nearest
from pipelines.sources.mapping import ANY_VALUE, UPDATED_AT, ColumnMapping, EntityMapping, Mapping

NO_MARK = -(2**63)


@dataclass(frozen=True)
class Pull:
    """What one pull reads. `zones`: of the source's naive timestamps, and the company's."""

    mapping: Mapping
    contract: Entity
    zones: tuple[str, str]
    since: Since | None
    sample: Sample | None = None

    @property
    def entity(self) -> EntityMapping:
        return self.mapping.entities[self.contract.name]

    @property
    def flag(self) -> str | None:
        """The source column that marks deleted rows."""
        return self.entity.deletion.flag if self.entity.deletion else None


@dataclass(frozen=True)
class Plan:
    """A pull held against its source: the columns' types there, the mapped columns that are there, what to read.

    `reads`: of each canonical column with an expression, the source columns that this reads, in their order there.
    `asked`: the keys of rows set aside that an incremental pull takes too, wherever their marker stands.
    """

    pull: Pull
    types: dict[str, str]
    origins: dict[str, ColumnMapping]
    relation: Relation
    reads: dict[str, list[str]]
    asked: tuple[str, ...] = ()

    def delivered(self, column: str | None, date_format: str | None = None) -> Delivered:
        """What is known of what a source column delivers; None: of a text that comes from elsewhere."""
        return Delivered(
            self.pull.zones, self.types.get(column or "", "VARCHAR"), self.pull.mapping.file_format, date_format,
            column in self.relation.native,
        )  # fmt: skip

    @property
    def native(self) -> frozenset[str]:
        """The canonical columns whose source column is delivered in its own type."""
        return frozenset(name for name, origin in self.origins.items() if origin.column in self.relation.native)

    @property
    def typed(self) -> dict[str, str] | None:
        """The engine's type of every mapped column, if all rows can land column by column; None: as CSV lines."""
        return lines.types_of(self.pull.contract, self.origins, self.types)


def plan(pull: Pull, source: Source) -> Plan:
    """Hold the mapping against the source's columns.

    Raises:
        ExtractionError: the mapping names a column that the source does not have.
        AbsentRelation: there is no such table or file.
    """
    types = source.columns(pull.entity)
    origins = _present(pull, types)
    reads = {}
    for name, origin in origins.items():
        if origin.expression is not None:
            found = mentioned(pull, source, name, types)
            reads[name] = [column for column in types if column in found]
    within = {column for found in reads.values() for column in found}
    needed = _needed(pull, origins, types, within)
    native = frozenset(
        name
        for name in needed
        if types[name] in source.native_types and name not in within and _is_served(pull, origins, name, types[name])
    )
    return Plan(pull, types, origins, Relation(pull.entity, needed, pull.since, types, pull.sample, native), reads)


def _is_served(pull: Pull, origins: dict[str, ColumnMapping], column: str, source_type: str) -> bool:
    """Whether every use of a source column can do with its type."""
    kinds = []
    for name, origin in origins.items():
        if origin.column == column:
            if origin.codes is not None or origin.format is not None:
                return False
            kinds.append(Kind.DATE if name == UPDATED_AT else pull.contract.column(name).kind)
    marker = pull.entity.change_marker
    if marker is not None and marker.column == column:
        kinds.append(Kind.INTEGER if marker.type == "id" else Kind.DATE)
    return column != pull.flag and all(serves(source_type, kind) for kind in kinds)


def statement(plan: Plan, source: Source, types: dict[str, str] | None = None) -> str:
    """The DuckDB statement of the pull; `types`: `plan.typed`, for landing rows as columns instead of lines."""
    pull, origins = plan.pull, plan.origins
    delivered = source.select(plan.relation)
    if source.unchecked_text:
        delivered = _with_checked_text(delivered, plan.relation)
    raw = [item for name, origin in origins.items() for item in _raw(name, origin)] + _raw_marker(pull)
    raw.append(f"{quote_name(pull.flag)} as raw_flag" if pull.flag else "cast(null as varchar) as raw_flag")
    within = {column: None for found in plan.reads.values() for column in found}
    raw += [f"{quote_name(column)} as {lines.read(column)}" for column in within]
    values = [
        f"{_value(plan, column, origins[column.name])} as value_{column.name}"
        for column in pull.contract.columns
        if column.name in origins
    ]
    values += [f"{_marker(plan)} as marker", f"{_is_deleted(pull)} as is_deleted"]
    row = lines.row(types) if types else f"{lines.line(plan)} as {lines.LINE}"
    return "\n".join(
        [
            f"with delivered as ({delivered}),",
            f"raw as (select {', '.join(raw)} from delivered),",
            f"parsed as (select *, {', '.join(values)} from raw),",
            f"pulled as (select *, {_updated_at(plan)} as value_updated_at from parsed",
            f"where {_is_due(plan)}),",
            f"checked as (select *, {_reason(plan)} as reason from pulled)",
            f"select {row},",
            f"case when reason is null and is_deleted then {lines.deletion(plan)} end as deletion,",
            f"case when reason is not null then {lines.reject(plan)} end as reject,",
            f"{_mark(pull, source)} as mark,",
            f"cast({_is_unclear(plan)} as utinyint) as unclear",
            "" if pull.since is None else f", {lines.key_hash(pull.contract)}",
            "from checked",
        ]
    )


def _present(pull: Pull, types: dict[str, str]) -> dict[str, ColumnMapping]:
    """The mapped columns, but for those that the source may lack and does."""
    for name, column in missing_columns(pull, types):
        raise _unknown_column(pull, name, column, types)
    return {
        name: origin for name, origin in pull.entity.columns.items() if origin.column is None or origin.column in types
    }


def missing_columns(pull: Pull, types: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What the mapping names, must have and the source does not: (canonical column or key of the mapping, column)."""
    for name, origin in pull.entity.columns.items():
        if origin.column is not None and origin.column not in types and not _may_lack(pull, name):
            yield name, origin.column
    marker = pull.entity.change_marker
    if marker is not None and marker.column not in types:
        yield "change_marker", marker.column
    if pull.flag is not None and pull.flag not in types:
        yield "deletion", pull.flag


def _may_lack(pull: Pull, name: str) -> bool:
    if pull.entity.absent_columns != "allowed":
        return False
    return name == UPDATED_AT or not pull.contract.column(name).required


def _unknown_column(pull: Pull, name: str, column: str, types: dict[str, str]) -> ExtractionError:
    where = pull.entity.table or "its query"
    return ExtractionError(
        pull.mapping.source_system,
        pull.contract.name,
        f"{where} has no column {column!r} (for {name} in {pull.mapping.file}); {nearest(column, list(types))}",
    )


def _needed(pull: Pull, origins: dict[str, ColumnMapping], types: dict[str, str], within: set[str]) -> list[str]:
    """The source columns to read: those named, and those `within` an expression."""
    named = within | {origin.column for origin in origins.values() if origin.column is not None}
    if pull.entity.change_marker is not None:
        named.add(pull.entity.change_marker.column)
    if pull.flag is not None:
        named.add(pull.flag)
    return [name for name in types if name in named] or list(types)[:1]


def mentioned(pull: Pull, source: Source, name: str, types: dict[str, str]) -> set[str]:
    """The source columns that a canonical column's expression reads; ExtractionError where it cannot be read."""
    expression = pull.entity.columns[name].expression
    # A literal, not a bound value: DuckDB imports pandas (a second or more) to bind one.
    serialize = f"select json_serialize_sql({quote_text(f'select ({expression}{chr(10)}) as outcome')})"
    tree = json.loads(source.engine.execute(serialize).fetchall()[0][0])
    if tree["error"] or len(tree["statements"]) != 1:
        message = tree.get("error_message", "it is more than one statement")
        if message.startswith("syntax error"):
            message += '; a column whose name is a word of SQL or has blanks stands in double quotes: "group"'
        raise ExtractionError(
            pull.mapping.source_system,
            pull.contract.name,
            f"the expression of {name} in {pull.mapping.file} is no DuckDB expression: {message}",
        )
    by_lower = {column.lower(): column for column in types}
    found = set()
    for reference in _column_references(tree["statements"][0]):
        if reference.lower() not in by_lower:
            raise _unknown_column(pull, name, reference, types)
        found.add(by_lower[reference.lower()])
    return found


def _column_references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"][-1]
        for child in node.values():
            yield from _column_references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _column_references(child)


def _with_checked_text(delivered: str, relation: Relation) -> str:
    """Text that is no UTF-8 becomes NUL and its bytes in hex: the NUL sets the row aside, the hex can be stored."""
    texts = [quote_name(name) for name in relation.columns if name not in relation.native]
    checked = [quote_name(name) for name in relation.native] + [
        f"case when {name} is not null then coalesce(try(decode(encode({name}))), chr(0) || hex({name})) end as {name}"
        for name in texts
    ]
    return f"select {', '.join(checked)} from ({delivered})"


def _raw(name: str, origin: ColumnMapping) -> Iterator[str]:
    """The text of a canonical column as delivered."""
    if origin.constant is not None:
        yield f"{quote_text(origin.constant)} as raw_{name}"
    elif origin.column is not None:
        yield f"{quote_name(origin.column)} as raw_{name}"
    else:
        # A failing expression makes its struct null, which tells it from one that gives null.
        attempt = f"try(struct_pack(outcome := cast(({origin.expression}\n) as varchar)))"
        yield f"({attempt}).outcome as raw_{name}"
        yield f"{attempt} is null as failed_{name}"


def _raw_marker(pull: Pull) -> list[str]:
    if pull.entity.change_marker is not None:
        return [f"{quote_name(pull.entity.change_marker.column)} as raw_marker"]
    return []


def _is_deleted(pull: Pull) -> str:
    deletion = pull.entity.deletion
    if pull.flag is None or deletion is None:
        return "false"
    if deletion.values is None:
        return f"coalesce({parsed('raw_flag', Kind.BOOLEAN, Delivered(pull.zones))}, false)"
    if deletion.values == [ANY_VALUE]:
        return "coalesce(raw_flag <> '', false)"
    return f"coalesce(raw_flag in ({', '.join(map(quote_text, deletion.values))}), false)"


def _reason(plan: Plan) -> str:
    pull, origins, native = plan.pull, plan.origins, plan.native
    faults = faults_of(pull.contract, origins, native)
    if pull.flag is None or pull.entity.deletion is None:
        return reason_of(faults)
    if pull.entity.deletion.values is None:
        flag = parsed("raw_flag", Kind.BOOLEAN, Delivered(pull.zones))
        unread = f"coalesce(trim(raw_flag) <> '', false) and ({flag}) is null"
        faults.append(Fault(unread, f"the deletion flag {pull.flag} is no yes or no: give its values in the mapping"))
    of_key = reason_of(key_faults_of(pull.contract, origins, native))
    return f"case when is_deleted then {of_key} else {reason_of(faults)} end"


def _value(plan: Plan, column: Column, origin: ColumnMapping) -> str:
    value = _unprefixed(plan, column, origin)
    prefix = plan.pull.mapping.prefix_of(column)
    return f"{quote_text(prefix)} || {value}" if prefix else value


def _unprefixed(plan: Plan, column: Column, origin: ColumnMapping) -> str:
    raw = f"raw_{column.name}"
    if origin.codes is not None:
        return _translated(raw, column, origin.codes, plan.pull)
    if column.kind is Kind.TEXT and column.name not in plan.native:
        return f"nullif({raw}, '')"
    if origin.column is None:
        return parsed(raw, column.kind, Delivered(plan.pull.zones, date_format=origin.format))
    return parsed(raw, column.kind, plan.delivered(origin.column, origin.format))


def _translated(raw: str, column: Column, codes: dict[str, str | None], pull: Pull) -> str:
    def literal(target: str | None) -> str:
        if target is None:
            return "null"
        return target if column.kind is Kind.BOOLEAN else quote_text(target)

    cases = " ".join(f"when {quote_text(code)} then {literal(target)}" for code, target in codes.items())
    text = f"(case {raw} {cases} end)"
    return text if column.kind in (Kind.BOOLEAN, Kind.TEXT) else parsed(text, column.kind, Delivered(pull.zones))


def _marker(plan: Plan) -> str:
    marker = plan.pull.entity.change_marker
    if marker is None:
        return "cast(null as bigint)"
    delivered = plan.delivered(marker.column)
    return parsed("raw_marker", Kind.INTEGER, delivered) if marker.type == "id" else instant("raw_marker", delivered)


def _mark(pull: Pull, source: Source) -> str:
    marker = pull.entity.change_marker
    if marker is None:
        return f"cast({NO_MARK} as bigint)"
    if marker.type == "id":
        return f"coalesce(marker, {NO_MARK})"
    now = quote_text(source.clock().isoformat())
    return f"case when marker <= timestamptz {now} then epoch_us(marker) else {NO_MARK} end"


def _is_unclear(plan: Plan) -> str:
    """Whether a date or the change marker is a local time that the source's clocks skip or repeat."""
    texts = [
        (f"raw_{column.name}", plan.origins[column.name])
        for column in plan.pull.contract.columns
        if column.kind is Kind.DATE and column.name in plan.origins and plan.origins[column.name].codes is None
    ]
    found = [
        is_unclear(raw, plan.delivered(origin.column, origin.format))
        for raw, origin in texts
        if origin.constant is None
    ]
    marker = plan.pull.entity.change_marker
    if marker is not None and marker.type == "timestamp":
        found.append(is_unclear("raw_marker", plan.delivered(marker.column)))
    return " or ".join(condition for condition in found if condition is not None) or "false"


def _updated_at(plan: Plan) -> str:
    marker = plan.pull.entity.change_marker
    if marker is not None and marker.type == "timestamp":
        return "marker"
    if UPDATED_AT in plan.origins:
        return instant(f"raw_{UPDATED_AT}", plan.delivered(plan.origins[UPDATED_AT].column))
    return "cast(null as timestamptz)"


def _is_due(plan: Plan) -> str:
    window = _is_in_window(plan.pull)
    if not plan.asked:
        return window
    return f"({window} or {lines.whole_key(plan.pull.contract)} in ({', '.join(map(quote_text, plan.asked))}))"


def _is_in_window(pull: Pull) -> str:
    if pull.since is None:
        return "true"
    if pull.since.number is not None:
        return f"(marker is null or marker >= {pull.since.number})"
    if pull.since.instant is None:
        return "true"
    return f"(marker is null or marker >= timestamptz {quote_text(pull.since.instant.isoformat())})"
