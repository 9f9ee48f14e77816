"""The check of a source before its first night: connects, compares, samples. Nothing is written, here or there.

A sample goes through the very statement that a night's pull runs, so that what it sets aside the night would too.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import sqlalchemy as sa

from pipelines.connect.doubled import Doubled
from pipelines.connect.findings import EntityReport, SourceReport
from pipelines.connect.rejected import Rejected
from pipelines.connect.traps import (
    inexact,
    lost_instants,
    marks_spelt_otherwise,
    misread_files,
    type_of_expression,
    unseen_changes,
)
from pipelines.connect.type_fit import misfit
from pipelines.contract import ENTITIES
from pipelines.contract import entity as contract_of
from pipelines.extract.engine import open_engine, quote_name, quote_text
from pipelines.extract.errors import AbsentRelation, ExtractionError, said
from pipelines.extract.landing_sql import DUPLICATE
from pipelines.extract.opening import location_of, open_source
from pipelines.extract.parsing import Delivered, instant
from pipelines.extract.pull import NO_MARK, Pull, mentioned, missing_columns, plan, statement
from pipelines.extract.rejections import accepted_share
from pipelines.extract.source import Relation, Sample, Since, Source, nearest
from pipelines.extract.watermark import EPOCH
from pipelines.settings import Settings
from pipelines.sources.mapping import UPDATED_AT, ColumnMapping, Mapping, SourceKind
from pipelines.sources.reading import load_mapping
from pipelines.sources.yaml_lines import read_yaml

SAMPLE_ROWS = 1_000
# So many rows are read whole in a second or two to look for doubled keys, which a sample seldom holds both of.
ROWS_READ_FOR_KEYS = 100_000
DAYS_LOOKED_AT = 30
# Fewer sampled rows may be empty, or marked as deleted, by chance.
ROWS_THAT_TELL = 20
# A smaller table is read in no time without an index.
ROWS_WORTH_AN_INDEX = 10_000
READ_ERRORS = (duckdb.Error, sa.exc.SQLAlchemyError, OSError, ValueError, ModuleNotFoundError)


def check_source(settings: Settings, name: str) -> SourceReport:
    """Connect to one source, compare its tables with the mapping and the contract, and sample every entity.

    Raises:
        MappingError: the mapping file itself is missing or wrong.
    """
    mapping = load_mapping(name, settings)
    report = SourceReport(name, mapping.file, read_yaml(mapping.file.read_text("utf-8")))
    try:
        location_of(settings, name)
    except ExtractionError as error:
        report.error(["source_system"], str(error).partition(": ")[2])
        return report
    zones = (mapping.time_zone or settings.time_zone, settings.time_zone)
    for entity in mapping.entities:
        # An engine each: a fault of one entity leaves the others their say.
        with open_engine(settings) as reader:
            try:
                source = open_source(settings, reader, mapping)
            except READ_ERRORS as error:
                report.error(["kind"], f"cannot be read: {said(error)}")
                return report
            with closing(source):
                if not report.entities:
                    for message in misread_files(mapping, source):
                        report.warning(["files"], message)
                _EntityCheck(settings, report, source, Pull(mapping, contract_of(entity), zones, None)).run()
    return report


def check_together(settings: Settings, reports: Sequence[SourceReport]) -> None:
    """What only all sources of a night together show, added to the report whose file can mend it.

    Two systems that deliver one entity, what of the contract nobody delivers, money without a rate.
    """
    if not reports:
        return
    by_name = {report.source_system: report for report in reports}
    mappings = [load_mapping(name, settings) for name in by_name]
    absent = [entity.name for entity in ENTITIES if not any(entity.name in mapping.entities for mapping in mappings)]
    for entity in ENTITIES:
        _same_entity_twice(by_name, [mapping for mapping in mappings if entity.name in mapping.entities], entity.name)
    _nobody_delivers(reports[0], absent)
    if "exchange_rate" in absent:
        _money_without_rates(settings, by_name, mappings)


def _same_entity_twice(by_name: dict[str, SourceReport], deliverers: Sequence[Mapping], entity: str) -> None:
    if len(deliverers) > 1 and sum(mapping.id_prefix is None for mapping in deliverers) > 1:
        names = ", ".join(mapping.source_system for mapping in deliverers)
        by_name[deliverers[-1].source_system].warning(
            ["entities", entity],
            f"comes from {names}: where both use the same numbers the night stops at the gate"
            " keys_come_from_one_source; id_prefix in one of the files keeps them apart",
        )


def _nobody_delivers(first: SourceReport, absent: Sequence[str]) -> None:
    """Said of the first file; any of them can mend it."""
    for name in absent:
        if name in ("sales_order", "sales_order_line"):
            first.error(["entities"], f"nobody delivers {name}: without orders no night is published; map it")
        elif contract_of(name).essential:
            first.warning(["entities"], f"nobody delivers {name}: it is inferred from the orders, without a name")
    further = [name for name in absent if not contract_of(name).essential and name != "exchange_rate"]
    optional = [name for name in further if contract_of(name).optional]
    if optional:
        first.warning(
            ["entities"],
            f"nobody delivers {', '.join(optional)}: the indicators that need them are not available, and their weight"
            " goes to the others",
        )
    if none := [name for name in further if name not in optional]:
        first.warning(
            ["entities"],
            f"nobody delivers {', '.join(none)}: the night counts none, as where none has happened; what that makes of"
            " an indicator is said in its description (Nulls and zeros)",
        )


def _money_without_rates(settings: Settings, by_name: dict[str, SourceReport], mappings: Sequence[Mapping]) -> None:
    for mapping in mappings:
        for name, entity in mapping.entities.items():
            currency = entity.columns.get("currency")
            constant = currency.constant if currency else None
            if constant not in (None, settings.reporting_currency):
                by_name[mapping.source_system].error(
                    ["entities", name, "columns", "currency"],
                    f"is {constant}, the reporting currency is {settings.reporting_currency}, and nobody delivers"
                    " exchange_rate: the night would stop; map the rates, or set reporting_currency",
                )


def _named(origin: ColumnMapping) -> str:
    return origin.column if origin.column is not None else "its expression"


def _fields(lines: Iterable[str | None]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(line for line in lines if line is not None), newline="")))


class _EntityCheck:
    """One entity, step by step; a step that finds the entity unreadable ends it."""

    def __init__(self, settings: Settings, report: SourceReport, source: Source, pull: Pull) -> None:
        self.settings, self.report, self.source, self.pull = settings, report, source, pull
        self.path = ["entities", pull.contract.name]
        self.entity = EntityReport(pull.contract.name, pull.entity.table or "query")
        report.entities.append(self.entity)

    def run(self) -> None:
        relation = "query" if self.pull.entity.table is None else "table"
        is_counted = False
        try:
            types = self.source.columns(self.pull.entity)
            if not self._compare(types):
                return
            self._count()
            is_counted = True
            marks = self._sample()
            for message in marks_spelt_otherwise(self.source, self.pull.entity, types):
                self.report.warning([*self.path, "deletion"], message)
            self._look_at_marker(marks)
            if unseen := unseen_changes(self.pull.entity):
                self.report.warning([*self.path, unseen[0]], unseen[1])
        except AbsentRelation as absent:
            if self.pull.entity.absent == "error":
                self.report.error([*self.path, relation], f"the source has no {absent}: provide it, or mend the name")
            self.entity.origin += " (not delivered)"
        except (ExtractionError, *READ_ERRORS) as error:
            place = "where" if not is_counted and self._is_there_without_where() else relation
            self.report.error([*self.path, place], f"cannot be read: {said(error)}")

    def _is_there_without_where(self) -> bool:
        if self.pull.entity.where is None:
            return False
        try:
            self.source.columns(self.pull.entity.model_copy(update={"where": None}))
        except (AbsentRelation, ExtractionError, *READ_ERRORS):
            return False
        return True

    def _compare(self, types: dict[str, str]) -> bool:
        """Columns and types against mapping and contract; False where the entity cannot be pulled."""
        fine = True
        for target, column in missing_columns(self.pull, types):
            message = f"{self.entity.origin} has no column {column!r}; {nearest(column, list(types))}"
            self.report.error(self._place(target), message)
            fine = False
        for target, origin in self.pull.entity.columns.items():
            place = [*self.path, "columns", target]
            if origin.expression is not None:
                fine &= self._look_at_expression(target, origin.expression, types)
            elif origin.column in types and target != UPDATED_AT:
                fault = misfit(self.pull.contract.column(target), origin, types[origin.column])
                if fault is not None:
                    self.report.error(place, fault)
                    fine = False
        for target, message in lost_instants(self.source, self.pull.entity, types):
            self.report.warning(self._place(target), message)
        return fine

    def _place(self, target: str) -> list[str]:
        return [*self.path, target] if target in ("change_marker", "deletion") else [*self.path, "columns", target]

    def _look_at_expression(self, target: str, expression: str, types: dict[str, str]) -> bool:
        """Whether it can be read; what it does to a number is warned of."""
        place = [*self.path, "columns", target, "expression"]
        try:
            mentioned(self.pull, self.source, target, types)
            outcome = type_of_expression(self.source.engine, expression, list(types))
        except ExtractionError as error:
            self.report.error(place, str(error).partition(": ")[2])
            return False
        except duckdb.Error as error:
            cure = "every column in an expression is text: cast(... as decimal(19,4)), as date, ... makes more of it"
            self.report.error(place, f"cannot be computed: {said(error)} ({cure})")
            return False
        if target != UPDATED_AT:
            form = self.pull.mapping.file_format
            for message in inexact(self.pull.contract.column(target), expression, outcome, form):
                self.report.warning(place, message)
        return True

    def _count(self) -> None:
        self.entity.rows = self.source.count(self.pull.entity)
        if self.entity.rows == 0:
            self.report.warning(self.path, "the table or query delivers no row; is that right, or is a `where` wrong?")

    def _sample(self) -> list[int]:
        """Read a sample through the pull's own statement, count what it sets aside; the marks of the sampled rows."""
        marker = self.pull.entity.change_marker
        whole = (self.entity.rows or 0) <= SAMPLE_ROWS
        samples = [Sample(SAMPLE_ROWS)]
        if marker is not None and not whole:
            # Half of it new: the oldest rows of a table are often unlike those of tonight.
            samples = [Sample(SAMPLE_ROWS // 2), Sample(SAMPLE_ROWS // 2, newest_by=marker.column)]
        read = [self._read(sample).fetchall() for sample in samples]
        rows = [row for part in read for row in part]
        lines = _fields(row[0] for row in rows)
        self._look_at_values(rows, lines)
        rejects = [row[2] for row in rows if row[2] is not None]
        found = Rejected.of(rejects)
        # The count before has read the files too, and rejected the same records.
        unread = sorted(set(self.source.set_aside())) if whole else []
        found.reasons.update(reason for _, reason, _ in unread)
        self.entity.sampled = len(rows) + len(unread)
        doubled = self._doubled(read)
        self.entity.set_aside = dict(found.reasons.most_common()) | ({DUPLICATE: doubled.rows} if doubled.rows else {})
        self._judge(len(rejects) + len(unread), found, doubled)
        return [row[3] for row in rows if row[3] != NO_MARK]

    def _read(self, sample: Sample | None) -> duckdb.DuckDBPyConnection:
        pull = Pull(self.pull.mapping, self.pull.contract, self.pull.zones, None, sample)
        return self.source.engine.execute(statement(plan(pull, self.source), self.source))

    def _look_at_values(self, rows: Sequence[Any], lines: Sequence[list[str]]) -> None:
        """Mapped columns without any value, and a deletion flag that marks most rows: the wrong column, or values."""
        marked = sum(row[1] is not None for row in rows)
        if marked > ROWS_THAT_TELL and marked > len(rows) / 2:
            message = f"marks {marked} of {len(rows)} sampled rows as deleted: is it the right flag, are its `values`?"
            self.report.warning([*self.path, "deletion"], message)
        if len(lines) <= ROWS_THAT_TELL:
            return
        for place, target in enumerate(self.pull.contract.column_names):
            origin = self.pull.entity.columns.get(target)
            if origin is not None and origin.constant is None and not any(fields[place] for fields in lines):
                message = f"is empty in all {len(lines)} sampled rows: is {_named(origin)} right?"
                self.report.warning([*self.path, "columns", target], message)

    def _doubled(self, read: Sequence[Sequence[Any]]) -> Doubled:
        """Of the whole table where that takes a moment; else of the sampled rows, which hold some of them at least."""
        sampled, rows = sum(map(len, read)), self.entity.rows or 0
        # An API would have to list all of it again.
        is_small = rows <= ROWS_READ_FOR_KEYS and self.pull.mapping.kind is not SourceKind.REST
        if rows <= SAMPLE_ROWS or not is_small:
            keys: Counter[tuple[str, ...]] = Counter()
            for part in read:
                # The newest rows may be among the first ones too: what comes in either is no second copy.
                keys |= self._keys(row[0] for row in part)
            return Doubled.of(keys, sampled, sampled >= rows)
        result, whole = self._read(None), Counter[tuple[str, ...]]()
        while block := result.fetchmany(SAMPLE_ROWS):
            whole += self._keys(row[0] for row in block)
        return Doubled.of(whole, rows, True)

    def _keys(self, lines: Iterable[str | None]) -> Counter[tuple[str, ...]]:
        names = self.pull.contract.column_names
        places = [names.index(name) for name in self.pull.contract.key]
        return Counter(tuple(fields[place] for place in places) for fields in _fields(lines))

    def _judge(self, rejected: int, found: Rejected, doubled: Doubled) -> None:
        if not rejected and not doubled.rows:
            return
        of_sample = Decimal(rejected) / max(self.entity.sampled, 1)
        of_keys = Decimal(doubled.rows) / max(doubled.looked_at, 1)
        together = self._stops(of_sample + of_keys) and not self._stops(of_sample) and not self._stops(of_keys)
        limit = f"more than {self._limit:.1%} stop the night"
        after = "`cvp rejects` lists them after a night"
        if rejected:
            reasons = "; ".join(f"{count} x {found.said(reason)}" for reason, count in found.reasons.most_common())
            message = f"{rejected} of {self.entity.sampled} sampled rows would be set aside: {reasons}"
            if together or self._stops(of_sample):
                cure = "mend them at the source or here (codes, format), or accept them (accepted_rejects)"
                self.report.error(self.path, f"{message}; {limit}: {cure}")
            else:
                self.report.warning(self.path, f"{message}; {after}")
        if doubled.rows:
            key = ", ".join(self.pull.contract.key)
            message = f"{doubled} would be set aside for a key ({key}) that comes more than once, such as"
            message += f" {doubled.example}"
            if together or self._stops(of_keys):
                cure = "map what tells these rows apart, or leave out by a `where` or a query what comes twice"
                self.report.error(self._doubled_by(), f"{message}; {limit}: {cure}")
            else:
                self.report.warning(self._doubled_by(), f"{message}; {after}")

    @property
    def _limit(self) -> Decimal:
        return accepted_share(self.settings, self.pull.entity)

    def _stops(self, share: Decimal) -> bool:
        """Whether a night stops of which so many rows are set aside."""
        expected = share * (self.entity.rows or self.entity.sampled)
        return share > self._limit and expected > self.settings.rejected_rows_allowed

    def _doubled_by(self) -> list[str]:
        """Where the mapping makes keys alike: at a constant part of the key, if there is one."""
        columns = self.pull.entity.columns
        constant = [name for name in self.pull.contract.key if name in columns and columns[name].constant is not None]
        return [*self.path, "columns", constant[0]] if constant else self.path

    def _look_at_marker(self, marks: list[int]) -> None:
        marker, rows = self.pull.entity.change_marker, self.entity.rows or 0
        if marker is None:
            self.entity.rows_changed = float(rows)
            return
        place = [*self.path, "change_marker"]
        if rows and not marks:
            message = f"no sampled row has a readable value in {marker.column}: every night would pull everything"
            self.report.error(place, f"{message}; name another column, or leave the marker out")
            return
        if rows > ROWS_WORTH_AN_INDEX and self.source.has_index(self.pull.entity, marker.column) is False:
            message = f"no index of {self.entity.origin} begins with {marker.column}: every night reads the whole table"
            self.report.warning(place, f"{message} of {rows:,} rows; have one created")
        if marker.type == "timestamp" and marks:
            self._estimate(max(marks))

    def _estimate(self, newest: int) -> None:
        """Rows changed a day, from the markers of the last days before the newest change."""
        days = self._changes_by_day(EPOCH + timedelta(microseconds=newest))
        self.entity.rows_changed = sum(days) / DAYS_LOOKED_AT
        self.entity.rows_changed_at_most = max(days, default=0)

    def _changes_by_day(self, newest: datetime) -> list[int]:
        column = self.pull.entity.change_marker.column  # type: ignore[union-attr]
        first = newest - timedelta(days=DAYS_LOOKED_AT)
        types = self.source.columns(self.pull.entity)
        select = self.source.select(Relation(self.pull.entity, [column], Since(column, instant=first), types))
        delivered = Delivered(self.pull.zones, types[column])
        bounds = " and ".join(
            f"changed_at {sign} timestamptz {quote_text(bound.isoformat())}"
            for sign, bound in ((">", first), ("<=", newest))
        )
        rows = self.source.engine.execute(
            f"select count(*) from (select {instant('raw', delivered)} as changed_at from"
            f" (select {quote_name(column)} as raw from ({select}))) where {bounds} group by cast(changed_at as date)"
        )
        return [int(row[0]) for row in rows.fetchall()]
