"""Landing one entity: everything that its extraction writes, in the transaction that the whole source has.

The steps come in this order, each for all entities of the source before the next: `prepare`, `read`, `land`.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import sqlalchemy as sa

from pipelines.contract import entity as contract_of
from pipelines.extract import landing_sql, set_aside, source_drift, watermark
from pipelines.extract.comparison import ONE_BY_ONE, compare
from pipelines.extract.errors import AbsentRelation, ExtractionError
from pipelines.extract.landing_sql import LandingSql
from pipelines.extract.pull import NO_MARK, Plan, Pull, plan, statement
from pipelines.extract.result import ExtractionResult, Outcome
from pipelines.extract.source import Since, Source
from pipelines.extract.transaction import Transaction
from pipelines.extract.transfer import Transferred, transfer
from pipelines.settings import Settings
from pipelines.sources.mapping import Mapping

log = logging.getLogger(__name__)

# Below this a table is too small for its share of vanished rows to mean anything.
ROWS_GUARDED_AGAINST_MASS_DELETION = 100
# A pull that changed this share of a table leaves the planner's statistics wrong.
SHARE_THAT_NEEDS_ANALYZE = Decimal("0.1")


class Landing:
    """One entity's extraction inside its source's transaction."""

    def __init__(
        self,
        settings: Settings,
        connection: sa.Connection,
        mapping: Mapping,
        entity: str,
        run_id: str,
        reach: watermark.Reach,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self.sql = LandingSql(contract_of(entity))
        self.mapping = mapping
        self.zones = (mapping.time_zone or settings.time_zone, settings.time_zone)
        self.names: dict[str, Any] = {"source_system": mapping.source_system, "entity": entity, "run_id": run_id}
        self.warehouse = Transaction(connection, self.names)
        lock = "select pg_advisory_xact_lock(hashtextextended(:source_system || '.' || :entity, 0))"
        self.warehouse.run(lock)
        self.names["extracted_at"] = self.warehouse.scalar("select clock_timestamp()")
        self.marker_before = self.warehouse.scalar(
            "select marker from control.watermark where source_system = :source_system and entity = :entity"
        )
        self.change_marker = mapping.entities[entity].change_marker
        self.fingerprint = source_drift.fingerprint(mapping, entity, self.zones)
        self.plan: Plan | None = None
        self.absent: str | None = None
        self.done = Transferred()
        self.seconds = 0.0
        self._is_empty = self._lock_if_empty()
        # COPY goes straight into a table that was empty.
        self._is_first = False
        # Where the watermark lets a pull start, if there is anything to add to.
        self.window: Since | None = None
        # Where the mapping has changed the watermark may be another column's, or of another time zone.
        self._comparable_marker = None if self._mapping_has_changed() else self.marker_before
        if not self._is_empty and not self._holds_nothing():
            self.window = watermark.since(self.change_marker, self._comparable_marker, settings.overlap_minutes)
        self.since = self._start(reach)

    @property
    def extracted_at(self) -> datetime:
        found: datetime = self.names["extracted_at"]
        return found

    def _start(self, reach: watermark.Reach) -> Since | None:
        """Where the pull starts; None: everything is pulled, and compared with what is held key by key."""
        if reach.is_whole or self.window is None:
            return None
        if reach.back_to is not None:
            if self.window.instant is None:
                raise self._error("its change marker is a number, which no date belongs to: reload it whole")
            return Since(self.window.column, instant=min(reach.back_to, self.window.instant))
        deletion = self.mapping.entities[self.sql.contract.name].deletion
        nights = deletion.reconcile_every_nights if deletion else None
        if nights is not None and self.warehouse.scalar(landing_sql.NIGHTS_BY_MARKER) >= nights - 1:
            return None
        return self.window

    def prepare(self, source: Source) -> Plan | None:
        """Hold the mapping against the source; None where the table or file may be missing and is."""
        try:
            self.plan = plan(Pull(self.mapping, self.sql.contract, self.zones, self.since), source)
            source_drift.hold_columns_against_the_last(self.connection, self.names, self.plan)
            if self.since is not None:
                fault = {"key_fault": set_aside.key_fault(self.sql.contract)}
                with self.warehouse.stream(set_aside.WAITING, fault) as waiting:
                    self.plan = set_aside.ask(self.plan, source, waiting)
        except AbsentRelation as absent:
            self.absent = str(absent)
            self._require_may_be_absent()
        return self.plan

    def read(self, reader: duckdb.DuckDBPyConnection, source: Source) -> None:
        """Carry what the source delivers into a table of the transaction's own, or an empty landing table."""
        if self.plan is None:
            return
        started = time.monotonic()
        table = "pulled"
        if self._is_empty and self._make_way():
            table = self.sql.table
        else:
            self.warehouse.run(self.sql.create_pulled())
        self.warehouse.run(self.sql.set_constants(table, self.mapping.source_system, self.extracted_at))
        typed = self.plan.typed
        sql = statement(self.plan, source, typed)
        copy = self.sql.copy_into(table, None if typed is None else list(typed))
        self.done = transfer(reader, sql, source, self.warehouse.driver, copy)
        if self._is_first:
            self.warehouse.run(self.sql.reset_constants())
        else:
            self.warehouse.run(self.sql.put_away_pulled())
        self._refuse_an_emptied_source(source)
        self.seconds += time.monotonic() - started

    def land(self) -> ExtractionResult:
        """Merge what was read by key, keep history and rows set aside, write watermark and account."""
        started = time.monotonic()
        self.warehouse.run("set local work_mem = '128MB'")
        self.warehouse.run(landing_sql.CREATE_REJECTED)
        if self.plan is None:
            outcome = self._land_nothing()
        elif self._is_first and self._add_key():
            outcome = self._keep_all()
        else:
            if not self._is_first:
                self.warehouse.run(self.sql.take_out_pulled())
            outcome = self._merge(self.done)
        self.seconds += time.monotonic() - started
        result = self._account(outcome)
        self.warehouse.run(landing_sql.DROP_OWN_TABLES)
        return result

    def _account(self, outcome: Outcome) -> ExtractionResult:
        """Write watermark and account, and give them back."""
        # A deletion mark that removed a row has landed; one whose row is not held leaves everything unchanged.
        landed = outcome.new + outcome.changed + outcome.removed
        result = ExtractionResult(
            source_system=self.mapping.source_system,
            entity=self.sql.contract.name,
            rows_read=outcome.admitted + outcome.marked + outcome.rejected,
            rows_landed=landed,
            rows_unchanged=outcome.admitted + outcome.marked - landed,
            rows_rejected=outcome.rejected,
            rows_deleted=outcome.gone,
            rows_held=self._held_after(outcome),
            rows_missed=outcome.missed,
            rows_ambiguous=self.done.ambiguous,
            is_full_pull=self.since is None,
            marker_before=self.marker_before,
            marker_after=outcome.marker,
            seconds=round(self.seconds, 3),
            is_delivered=outcome.is_delivered,
        )
        if landed + outcome.gone > SHARE_THAT_NEEDS_ANALYZE * max(result.rows_held, 1):
            self.warehouse.run(f"analyze {self.sql.table}")
        self.warehouse.run(
            landing_sql.STORE_WATERMARK, {"marker": result.marker_after, "fingerprint": self.fingerprint}
        )
        self.warehouse.run(landing_sql.STORE_EXTRACTION, asdict(result))
        if self.plan is not None:
            columns = {"source_columns": json.dumps(self.plan.types), "columns_read": list(self.plan.relation.columns)}
            self.warehouse.run(landing_sql.STORE_SOURCE_COLUMNS, columns)
        return result

    # -- first pull --------------------------------------------------------------------------------------------

    def _make_way(self) -> bool:
        """Take the empty table's key away, so that COPY may go straight into it; False where a view hangs on that."""
        try:
            with self.connection.begin_nested():
                self.warehouse.run(f"truncate {self.sql.table}")
                self.warehouse.run(self.sql.drop_key())
        except sa.exc.DBAPIError as error:
            if not isinstance(error.orig, psycopg.errors.DependentObjectsStillExist):
                raise
            return False
        # Written out close behind, while others work: else the commit waits for all of it.
        self.warehouse.run("set local backend_flush_after = '2MB'")
        self._is_first = True
        return True

    def _add_key(self) -> bool:
        """Make the key of the filled table; where one came twice, the rows go to `pulled`, to be sorted out there."""
        try:
            with self.connection.begin_nested():
                self.warehouse.run(self.sql.add_key())
        except sa.exc.DBAPIError as error:
            if not isinstance(error.orig, psycopg.errors.UniqueViolation):
                raise
            log.info("%s: a key came twice; merged the general way", self.sql.table)
            self.warehouse.run(self.sql.create_pulled())
            self.warehouse.run(f"insert into pulled select * from {self.sql.table}")
            self.warehouse.run(f"truncate {self.sql.table}")
            self.warehouse.run(self.sql.add_key())
            return False
        return True

    def _keep_all(self) -> Outcome:
        doubled = self._set_aside(self.done, self.sql.table)
        self.warehouse.run(landing_sql.STORE_REJECTED)
        self.warehouse.run(landing_sql.FORGET_REJECTED_WHOLE)
        return self._outcome(self.done, doubled, new=self.done.admitted - doubled, changed=0, gone=0)

    def _lock_if_empty(self) -> bool:
        """Whether nobody has a row in the table; it is then locked, and needs no log and no index while it is filled.

        Its size is asked first: a select would hold a lock that two extractions could not both raise to this one.
        """
        if self.warehouse.scalar(f"select pg_relation_size('{self.sql.table}') > 0"):
            return False
        self.warehouse.run(f"lock table {self.sql.table} in access exclusive mode")
        return not self.warehouse.scalar(f"select exists (select from {self.sql.table})")

    # -- later pulls -------------------------------------------------------------------------------------------

    def _merge(self, done: Transferred) -> Outcome:
        self.warehouse.analyze_own("pulled")
        if self.plan is not None:
            source_drift.refuse_emptied_columns(
                self.connection, self.names, self.plan, self.sql.contract, done.admitted
            )
        doubled = self._set_aside(done, "pulled")
        compare(self.warehouse, self.sql, done.admitted, whole=self.since is None)
        self._note_deletions(done)
        if done.rejected or doubled:
            self.warehouse.run(self.sql.keep_rejected())
        removed = int(self.warehouse.scalar(self.sql.count_marked())) if done.deleted else 0
        counts: dict[str, int] = {row[0]: row[1] for row in self.connection.execute(sa.text(landing_sql.COUNT_CHANGES))}
        self._guard_against_mass_deletion(counts.get("gone", 0))
        missed = self._missed()
        if counts.keys() & {"changed", "gone"}:
            self.warehouse.run(self.sql.store_history())
            with self.warehouse.planned(ONE_BY_ONE):  # by the place, on pages that have just been read
                if "changed" in counts:
                    self.warehouse.run(self.sql.update_changed())
                if "gone" in counts:
                    self.warehouse.run(self.sql.delete_gone())
        if "new" in counts:
            self.warehouse.run(self.sql.insert_new())
        self.warehouse.run(landing_sql.STORE_REJECTED)
        if self.warehouse.scalar(landing_sql.HAS_REJECTED):
            forget = landing_sql.FORGET_REJECTED_WHOLE if self.since is None else self.sql.forget_rejected()
            self.warehouse.run(forget, {"asked": list(self.plan.asked) if self.plan is not None else []})
        gone = counts.get("gone", 0)
        return self._outcome(done, doubled, counts.get("new", 0), counts.get("changed", 0), gone, removed, missed)

    def _note_deletions(self, done: Transferred) -> None:
        """Take in the keys that the source marks as deleted: an incremental pull sees nothing vanish by itself."""
        if done.deleted:
            self.warehouse.run(self.sql.create_deletions())
            self.warehouse.copy(self.sql.copy_deletions(), done.deletions)
            if self.since is not None:
                self.warehouse.run(self.sql.note_deletions())
                self.warehouse.run(self.sql.forget_deleted())

    def _set_aside(self, done: Transferred, table: str) -> int:
        """Store the rejected lines and move rows whose key came more than once to them; how many those are."""
        self.warehouse.copy(landing_sql.COPY_REJECTED, done.rejects)
        if not done.rejected and (table != "pulled" or not done.may_repeat_keys):
            return 0
        self.warehouse.run(self.sql.find_doubled(table))
        moved = self.warehouse.run(self.sql.set_doubled_aside(table))
        if moved:
            self.warehouse.run(self.sql.remove_doubled(table))
        if done.rejected:
            self.warehouse.run(self.sql.note_doubled())
        return moved

    def _guard_against_mass_deletion(self, gone: int) -> None:
        if not gone:
            return
        held = self._held()
        limit = self.settings.deleted_share_limit
        if held > ROWS_GUARDED_AGAINST_MASS_DELETION and gone > limit * held:
            raise self._error(
                f"{gone} of {held} landed rows are no longer delivered, more than the {limit:.0%} of"
                " deleted_share_limit: nothing was changed. Check the source; if the rows are really gone, run once"
                " with CVP_DELETED_SHARE_LIMIT=1",
            )

    def _mapping_has_changed(self) -> bool:
        """Whether rows landed before were read by another mapping: what they would be now only the source knows."""
        before = self.warehouse.scalar(landing_sql.FINGERPRINT_BEFORE)
        return before is not None and before != self.fingerprint

    def _refuse_an_emptied_source(self, source: Source) -> None:
        """A source that is empty tonight while landing holds its rows is broken: by its marker it looks unchanged."""
        done, limit = self.done, self.settings.deleted_share_limit
        if self.plan is None or done.admitted or done.rejected or done.deleted or limit >= 1:
            return
        held = self._held()
        is_guarded = held > ROWS_GUARDED_AGAINST_MASS_DELETION or (held and self.sql.contract.essential)
        if is_guarded and (self.since is None or source.is_empty(self.plan.relation)):
            raise self._error(
                f"the source is empty and {held} rows of it are landed: nothing was changed. Check the source and"
                " `where`; if the rows are really gone, run once with CVP_DELETED_SHARE_LIMIT=1"
            )

    def _require_may_be_absent(self) -> None:
        if self.mapping.entities[self.sql.contract.name].absent == "error":
            raise self._error(f"the source has no {self.absent}: provide it, or mend {self.mapping.file}")

    def _error(self, message: str) -> ExtractionError:
        return ExtractionError(self.mapping.source_system, self.sql.contract.name, message)

    def _land_nothing(self) -> Outcome:
        """A table or file that may be missing delivers no rows; the rows held are then gone, under the same guard."""
        self.warehouse.run(self.sql.create_pulled())
        self.since = None
        self.warehouse.run(self.sql.compare(whole=True))
        gone = self.warehouse.scalar("select count(*) from delta")
        self._guard_against_mass_deletion(gone)
        self.warehouse.run(self.sql.store_history())
        self.warehouse.run(self.sql.delete_gone())
        self.warehouse.run(landing_sql.FORGET_REJECTED_WHOLE)
        log.info("%s.%s is not delivered: no %s", self.mapping.source_system, self.sql.contract.name, self.absent)
        return Outcome(0, 0, 0, 0, gone, self.marker_before, is_delivered=False)

    # -- the connection ----------------------------------------------------------------------------------------

    def _missed(self) -> int:
        """Rows that a whole pull shows to be new or changed, and that the change marker alone would not have shown."""
        if self.since is not None or self.window is None:
            return 0
        missed = int(self.warehouse.scalar(landing_sql.COUNT_MISSED, {"window_start": self.window.instant}))
        if missed:
            log.warning(
                "%s.%s: %d changes that the change marker %s did not show were found by pulling everything",
                self.mapping.source_system, self.sql.contract.name, missed, self.window.column,
            )  # fmt: skip
        return missed

    def _outcome(
        self, done: Transferred, doubled: int, new: int, changed: int, gone: int, removed: int = 0, missed: int = 0
    ) -> Outcome:
        highest = None if done.highest == NO_MARK else done.highest
        marker = watermark.advanced(self.change_marker, self._comparable_marker, highest)
        admitted, rejected = done.admitted - doubled, done.rejected + doubled
        return Outcome(admitted, rejected, new, changed, gone, marker, True, done.deleted, removed, missed)

    def _holds_nothing(self) -> bool:
        """Whether no row is of this source; no index says so, but a look here and there mostly finds one."""
        some, all_ = (
            f"exists (select from {self.sql.table} {part} where source_system = :source_system)"
            for part in ("tablesample system (1)", "")
        )
        return not self.warehouse.scalar(f"select {some} or {all_}")

    def _held_after(self, outcome: Outcome) -> int:
        """Rows held now: counted after a whole pull, else reckoned from the last account (a count reads the table)."""
        if self._is_first:
            return outcome.new
        before = None if self.since is None else self.warehouse.scalar(landing_sql.HELD_BEFORE)
        return self._held() if before is None else int(before) + outcome.new - outcome.gone

    def _held(self) -> int:
        return int(self.warehouse.scalar(f"select count(*) from {self.sql.table} where source_system = :source_system"))
