"""The warehouse's side of one landing: the statements that set doubled keys aside, merge, keep history and rejects.

All of them run in the one transaction of a source. `pulled`, `rejected`, `deletions`, `doubled` and `delta` are
temporary tables of that transaction, of one entity at a time: nothing of a dead run is left behind. Names are the
contract's own; values are bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.contract import Entity
from pipelines.extract.engine import quote_text
from pipelines.extract.lines import SEPARATOR_SQL

# One row per row set aside in this pull; `key_is_whole`: every part of the key was readable.
CREATE_REJECTED = """
    create temporary table rejected (
        key text collate "C" not null, reason text not null, row jsonb not null, updated_at timestamptz,
        key_is_whole boolean not null
    ) on commit drop
"""
COPY_REJECTED = "copy rejected (key, reason, row, updated_at, key_is_whole) from stdin (format csv)"

DROP_OWN_TABLES = (
    "drop table if exists pg_temp.pulled, pg_temp.rejected, pg_temp.deletions, pg_temp.doubled, pg_temp.delta"
)

# Why a row is set aside whose key came more than once.
DUPLICATE = "duplicate key"

# Rows set aside before keep the time of their first rejection. Those without a whole key may share what there is of it
# with others that this pull does not see: each is known by all that it holds, and takes no other's place.
STORE_REJECTED = """
    insert into landing.landing_rejected (
        source_system, entity, key, occurrence, reason, row, updated_at, first_rejected_at, last_rejected_at, run_id
    )
    with before as (
        select
            key, reason, row, occurrence, row_number() over (partition by key, reason, row order by occurrence) as copy,
            max(occurrence) over (partition by key) as last
        from landing.landing_rejected
        where source_system = :source_system and entity = :entity
            and key in (select key from rejected where not key_is_whole)
    )
    select
        :source_system, :entity, r.key,
        coalesce(
            same.occurrence,
            row_number() over (partition by r.key, same.occurrence is null order by r.reason, r.row::text)
                + (select coalesce(max(last), 0) from before where before.key = r.key and not r.key_is_whole)
        ),
        r.reason, r.row, r.updated_at, :extracted_at, :extracted_at, :run_id
    from (select *, row_number() over (partition by key, reason, row) as copy from rejected) as r
    left join before as same
        on not r.key_is_whole
        and same.key = r.key and same.reason = r.reason and same.row = r.row and same.copy = r.copy
    on conflict (source_system, entity, key, occurrence) do update set
        reason = excluded.reason, row = excluded.row, updated_at = excluded.updated_at,
        last_rejected_at = excluded.last_rejected_at, run_id = excluded.run_id
"""

HAS_REJECTED = """
    select exists (
        select from landing.landing_rejected
        where source_system = :source_system and entity = :entity and last_rejected_at < :extracted_at
    )
"""

# What a whole pull did not set aside again has landed or is gone.
FORGET_REJECTED_WHOLE = """
    delete from landing.landing_rejected
    where source_system = :source_system and entity = :entity and last_rejected_at < :extracted_at
"""

STORE_EXTRACTION = """
    insert into control.extraction (
        run_id, source_system, entity, rows_read, rows_landed, rows_unchanged, rows_rejected, rows_deleted, rows_held,
        rows_missed, rows_ambiguous, is_full_pull, marker_before, marker_after, seconds
    )
    values (
        :run_id, :source_system, :entity, :rows_read, :rows_landed, :rows_unchanged, :rows_rejected, :rows_deleted,
        :rows_held, :rows_missed, :rows_ambiguous, :is_full_pull, :marker_before, :marker_after, :seconds
    )
    on conflict (run_id, source_system, entity) do update set
        rows_read = excluded.rows_read, rows_landed = excluded.rows_landed, rows_unchanged = excluded.rows_unchanged,
        rows_rejected = excluded.rows_rejected, rows_deleted = excluded.rows_deleted, rows_held = excluded.rows_held,
        rows_missed = excluded.rows_missed, rows_ambiguous = excluded.rows_ambiguous,
        is_full_pull = excluded.is_full_pull, marker_before = excluded.marker_before,
        marker_after = excluded.marker_after, seconds = excluded.seconds
"""

# Nights that pulled by the change marker since everything was pulled; runs of one date are one night.
NIGHTS_BY_MARKER = """
    with pulled as (
        select run.as_of_date, run.started_at, run.kind, extraction.is_full_pull
        from control.extraction as extraction
        join control.run as run on run.run_id = extraction.run_id
        where extraction.source_system = :source_system and extraction.entity = :entity
    ),
    whole as (select as_of_date, started_at from pulled where is_full_pull order by started_at desc limit 1)
    select count(distinct pulled.as_of_date)
    from pulled
    left join whole on true
    where not pulled.is_full_pull and pulled.kind = 'night'
        and pulled.started_at > coalesce(whole.started_at, '-infinity')
        and pulled.as_of_date is distinct from whole.as_of_date
        and pulled.as_of_date <> (select as_of_date from control.run where run_id = :run_id)
"""

# How far a column of `pulled` rises or falls from row to row, by the statistics: -1 to 1.
CORRELATION = """
    select correlation from pg_stats
    where schemaname = pg_my_temp_schema()::regnamespace::text and tablename = 'pulled' and attname = :column
"""

COUNT_CHANGES = "select change, count(*) from delta group by change"

COUNT_MISSED = """
    select count(*) from delta where change = 'changed' and cast(:window_start as timestamptz) is null
        or change in ('new', 'changed') and updated_at < cast(:window_start as timestamptz)
"""

FINGERPRINT_BEFORE = """
    select mapping_fingerprint from control.watermark where source_system = :source_system and entity = :entity
"""

# Of the run that moved the watermark last.
HELD_BEFORE = """
    select extraction.rows_held
    from control.watermark as watermark
    join control.extraction as extraction using (run_id, source_system, entity)
    where watermark.source_system = :source_system and watermark.entity = :entity
"""

STORE_WATERMARK = """
    insert into control.watermark (source_system, entity, marker, advanced_at, run_id, mapping_fingerprint)
    values (:source_system, :entity, :marker, :extracted_at, :run_id, :fingerprint)
    on conflict (source_system, entity) do update set
        marker = excluded.marker, advanced_at = excluded.advanced_at, run_id = excluded.run_id,
        mapping_fingerprint = excluded.mapping_fingerprint
"""

STORE_SOURCE_COLUMNS = """
    update control.extraction set source_columns = cast(:source_columns as jsonb), columns_read = :columns_read
    where run_id = :run_id and source_system = :source_system and entity = :entity
"""


@dataclass(frozen=True)
class LandingSql:
    """The statements of one entity."""

    contract: Entity

    @property
    def table(self) -> str:
        return f"landing.{self.contract.name}"

    def copy_into(self, table: str, by_column: Sequence[str] | None) -> str:
        """COPY of CSV lines, or of these columns in binary; into landing itself, which was just emptied, frozen.

        Else whoever reads a page first writes it once more, with the news that its rows' transaction has ended.
        """
        names = by_column or [*self.contract.column_names, "updated_at"]
        options = f"format {'binary' if by_column else 'csv'}{', freeze' if table == self.table else ''}"
        return f"copy {table} ({', '.join(names)}) from stdin ({options})"

    def create_pulled(self) -> str:
        return f"create temporary table pulled (like {self.table}) on commit drop"

    def put_away_pulled(self) -> str:
        """What one entity delivered waits under a name of its own while the source's others are read."""
        return f"alter table pg_temp.pulled rename to pulled_{self.contract.name}"

    def take_out_pulled(self) -> str:
        return f"alter table pg_temp.pulled_{self.contract.name} rename to pulled"

    def set_constants(self, table: str, source_system: str, extracted_at: datetime) -> str:
        """What all rows of a pull share comes from the columns' defaults: a third of COPY's work otherwise."""
        return (
            f"alter table {table} alter column source_system set default {quote_text(source_system)},"
            f" alter column extracted_at set default {quote_text(extracted_at.isoformat())}"
        )

    def reset_constants(self) -> str:
        return (
            f"alter table {self.table} alter column source_system drop default, alter column extracted_at drop default"
        )

    def drop_key(self) -> str:
        return f"alter table {self.table} drop constraint {self.contract.name}_pkey"

    def add_key(self) -> str:
        key = ", ".join([*self.contract.key, "source_system"])
        return f"alter table {self.table} add constraint {self.contract.name}_pkey primary key ({key})"

    def find_doubled(self, table: str) -> str:
        """Keys delivered more than once, bad copies included. In landing itself the key constraint spares the first."""
        key = ", ".join(self.contract.key)
        twice = f"select {key} from pulled group by {key} having count(*) > 1 union"
        return (
            f"create temporary table doubled on commit drop as {twice if table == 'pulled' else ''}"
            f" select distinct {', '.join(f'p.{name}' for name in self.contract.key)} from {table} as p"
            f" join rejected as r on r.key_is_whole and r.key = {self._key_text('p')}"
            f" where p.source_system = :source_system"
        )

    def set_doubled_aside(self, table: str) -> str:
        return (
            "insert into rejected (key, reason, row, updated_at, key_is_whole)"
            f" select {self._key_text('p')}, '{DUPLICATE}',"
            " to_jsonb(p) - '{source_system, extracted_at, updated_at}'::text[], p.updated_at, true"
            f" from {table} as p join doubled as d on {self._same_key('p', 'd')}"
            " where p.source_system = :source_system"
        )

    def remove_doubled(self, table: str) -> str:
        return (
            f"delete from {table} as p using doubled as d"
            f" where {self._same_key('p', 'd')} and p.source_system = :source_system"
        )

    def note_doubled(self) -> str:
        """A bad row whose key came more than once says that too."""
        return (
            f"update rejected set reason = reason || '; {DUPLICATE}' where key_is_whole and reason <> '{DUPLICATE}'"
            " and key in (select key from rejected where key_is_whole group by key having count(*) > 1)"
        )

    def order_pulled(self, table: str, processes: int, is_in_order: bool) -> str:
        """What was pulled, brought in the order of its key unless it is, in a table that so many processes may read."""
        order = "" if is_in_order else f" order by {', '.join(self.contract.key)}"
        return f"create unlogged table {table} with (parallel_workers = {processes}) as select * from pulled{order}"

    def compare(self, whole: bool, pulled: str = "pulled") -> str:
        """One row per key that is new, changed or (whole pulls) gone; with the row held (`was_...`) and its place.

        The later statements go by the place: nobody looks for a key a second time.
        """
        key = ", ".join(f"coalesce(p.{name}, l.{name}) as {name}" for name in self.contract.key)
        rest = ", ".join(f"p.{name}" for name in self._rest)
        changed = " or ".join(f"p.{name} is distinct from l.{name}" for name in self._not_key) or "false"
        return (
            "create temporary table delta on commit drop as"
            " select case when l.source_system is null then 'new' when p.source_system is null then 'gone'"
            f" else 'changed' end as change, {key}, {rest}, {self._former}"
            f" from {pulled} as p {'full' if whole else 'left'} join {self._held} as l on {self._same_key('p', 'l')}"
            f" where l.source_system is null or p.source_system is null or {changed}"
        )

    def probe(self) -> str:
        """How many of about so many `percent` of the pulled keys are held, looked up one by one."""
        sampled = (
            f"select {', '.join(self.contract.key)} from pulled tablesample bernoulli (:percent) repeatable (:seed)"
        )
        return (
            f"select count(l.extracted_at) from ({sampled}) as p join {self.table} as l"
            f" on l.source_system = :source_system and {self._same_key('p', 'l')}"
        )

    def keep_rejected(self) -> str:
        """A key that came, but bad, is not gone: its last good version stays."""
        return (
            "delete from delta as d using rejected as r"
            f" where d.change = 'gone' and r.key_is_whole and r.key = {self._key_text('d')}"
        )

    def create_deletions(self) -> str:
        """One row per row that the source marks as deleted: its key."""
        columns = ", ".join(self.contract.key)
        return f"create temporary table deletions on commit drop as select {columns} from {self.table} with no data"

    def copy_deletions(self) -> str:
        return f"copy deletions ({', '.join(self.contract.key)}) from stdin (format csv)"

    def note_deletions(self) -> str:
        """After an incremental pull: a marked key that is held is gone, unless it came alive too.

        Whatever the two markers say: a mark may be committed late, and a version held be dated ahead.
        """
        held = ", ".join(f"l.{name}" for name in self.contract.key)
        names = ", ".join(["change", *self.contract.key, "place", *map(_was, self._kept)])
        return (
            f"insert into delta ({names}) select distinct on ({held}) 'gone', {held}, {self._former}"
            f" from deletions as d join {self._held} as l on {self._same_key('d', 'l')}"
            f" where not exists (select from pulled as p where {self._same_key('p', 'd')})"
        )

    def count_marked(self) -> str:
        """How many of the gone keys are gone because the source marks them."""
        marked = f"exists (select from deletions as m where {self._same_key('m', 'd')})"
        return f"select count(*) from delta as d where d.change = 'gone' and {marked}"

    def forget_deleted(self) -> str:
        """A row set aside before that is now marked as deleted has nothing to mend, unless it comes bad as well."""
        return (
            "delete from landing.landing_rejected as f using deletions as d where f.source_system = :source_system"
            f" and f.entity = :entity and f.last_rejected_at < :extracted_at and f.key = {self._key_text('d')}"
            " and not exists (select from rejected as r where r.key_is_whole and r.key = f.key)"
        )

    def store_history(self) -> str:
        names = ", ".join([*self.contract.key, *self._kept])
        return (
            f"insert into {self.table}_history (source_system, {names}, known_to, superseded_by, run_id)"
            f" select :source_system, {', '.join([*self.contract.key, *map(_was, self._kept)])}, :extracted_at,"
            " case change when 'gone' then 'delete' else 'update' end, :run_id"
            " from delta where change in ('changed', 'gone')"
        )

    def update_changed(self) -> str:
        assigned = ", ".join(f"{name} = d.{name}" for name in self._rest)
        return (
            f"update {self.table} as l set {assigned}, extracted_at = :extracted_at from delta as d"
            " where d.change = 'changed' and l.ctid = d.place"
        )

    def delete_gone(self) -> str:
        return f"delete from {self.table} as l using delta as d where d.change = 'gone' and l.ctid = d.place"

    def insert_new(self) -> str:
        names = [*self.contract.column_names, "updated_at"]
        return (
            f"insert into {self.table} (source_system, {', '.join(names)}, extracted_at)"
            f" select :source_system, {', '.join(names)}, :extracted_at from delta where change = 'new'"
        )

    def forget_rejected(self) -> str:
        """After an incremental pull: keys that came again, or did not come though asked for, and were not set aside as
        often as before. What has no whole key is not known again: it stays.
        """
        return (
            "delete from landing.landing_rejected as f where f.source_system = :source_system and f.entity = :entity"
            " and f.last_rejected_at < :extracted_at and ("
            f" exists (select from pulled as p where {self._key_text('p')} = f.key)"
            " or exists (select from rejected as r where r.key_is_whole and r.key = f.key)"
            " or f.key = any(cast(:asked as text[])))"
        )

    @property
    def _held(self) -> str:
        """The source's rows held, each with its place: nobody else touches them before this transaction ends."""
        return f"(select *, ctid as place from {self.table} where source_system = :source_system)"

    @property
    def _former(self) -> str:
        """Of a row held: where it is, and what history will keep of it."""
        return ", ".join(["l.place", *(f"l.{name} as {_was(name)}" for name in self._kept)])

    @property
    def _not_key(self) -> list[str]:
        return [name for name in self.contract.column_names if name not in self.contract.key]

    @property
    def _rest(self) -> list[str]:
        return [*self._not_key, "updated_at"]

    @property
    def _kept(self) -> list[str]:
        """What history keeps of a row, beside its key."""
        return [*self._rest, "extracted_at"]

    def _key_text(self, alias: str) -> str:
        return f"concat_ws({SEPARATOR_SQL}, {', '.join(f'{alias}.{name}::text' for name in self.contract.key)})"

    def _same_key(self, left: str, right: str) -> str:
        return " and ".join(f"{left}.{name} = {right}.{name}" for name in self.contract.key)


def _was(name: str) -> str:
    return f"was_{name}"
