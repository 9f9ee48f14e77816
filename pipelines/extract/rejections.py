"""Rows that were set aside: the threshold that stops a night, and how to look at them. The rows that landed stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.extract.errors import ExtractionError
from pipelines.extract.lines import KEY_SEPARATOR
from pipelines.settings import Settings
from pipelines.sources.mapping import EntityMapping
from pipelines.sources.reading import load_mapping
from pipelines.warehouse.schema import LANDING_REJECTED

REASONS_SHOWN = 3
KEYS_SHOWN = 3

# A pull by marker asks for the rows set aside before too, which may be most of the little that it reads. So a row
# counts against the pull that first set it aside: one of tonight against what else tonight's read; one of an earlier
# pull since the source's last night was published (a night that failed, a reload) against the largest of these, or all
# rows held where the run itself is repeated and no account of it is left; one that was there then no more. The rows
# that one pull rejects have one time of rejection.
COUNTS = """
    with extracted as (
        select
            extraction.*,
            coalesce(
                (
                    select max(run.finished_at) from control.run as run
                    where run.status = 'published' and extraction.source_system = any(run.source_systems)
                        and not extraction.is_full_pull
                ),
                '-infinity'
            ) as published_at
        from control.extraction as extraction
        where extraction.run_id = :run_id and extraction.rows_rejected > 0
    )
    select
        extracted.source_system, extracted.entity, extracted.published_at::text, counted.rows_read,
        counted.rows_rejected
    from extracted
    cross join lateral (
        select
            count(*) filter (where rejected.first_rejected_at < rejected.last_rejected_at) as again,
            count(*) filter (
                where rejected.first_rejected_at < rejected.last_rejected_at
                    and rejected.first_rejected_at > extracted.published_at
            ) as since
        from landing.landing_rejected as rejected
        where rejected.source_system = extracted.source_system and rejected.entity = extracted.entity
            and rejected.last_rejected_at = (
                select max(last.last_rejected_at) from landing.landing_rejected as last
                where last.source_system = extracted.source_system and last.entity = extracted.entity
            )
    ) as seen
    cross join lateral (
        select coalesce(max(pull.rows_read), extracted.rows_held + seen.since) as largest
        from control.extraction as pull
        inner join control.run as run on run.run_id = pull.run_id
        where pull.source_system = extracted.source_system and pull.entity = extracted.entity
            and pull.run_id <> :run_id and run.started_at > extracted.published_at
    ) as earlier
    cross join lateral (
        select extracted.rows_read, extracted.rows_rejected where extracted.is_full_pull
        union all
        select extracted.rows_read - seen.again, extracted.rows_rejected - seen.again where not extracted.is_full_pull
        union all
        select earlier.largest, seen.since where not extracted.is_full_pull
    ) as counted
    order by extracted.source_system, extracted.entity
"""
# One row per reason of an entity's rows set aside in the run that count, the most frequent first.
REASONS = """
    select reason, count(*) as row_count, (array_agg(distinct key order by key))[1:3] as keys
    from landing.landing_rejected
    where run_id = :run_id and source_system = :source_system and entity = :entity
        and first_rejected_at > cast(:published_at as timestamptz)
    group by reason order by count(*) desc, reason limit :shown
"""


def check_rejections(settings: Settings, engine: sa.Engine, run_id: str) -> None:
    """Refuse a run of which an entity had more rows set aside than the settings, or its mapping, accept.

    Raises:
        ExtractionError: source, entity, counts, the most frequent reasons and keys of such rows; all entities at once.
    """
    faults: list[tuple[str, str, str]] = []
    with engine.connect() as connection:
        for row in connection.execute(sa.text(COUNTS), {"run_id": run_id}).all():
            source, entity, read, rejected = str(row[0]), str(row[1]), int(row[3]), int(row[4])
            limit = accepted_share(settings, load_mapping(source, settings).entities.get(entity))
            if rejected > settings.rejected_rows_allowed and rejected > limit * read:
                names = {"run_id": run_id, "source_system": source, "entity": entity, "published_at": row[2]}
                reasons = connection.execute(sa.text(REASONS), names | {"shown": REASONS_SHOWN}).all()
                faults.append((source, entity, _message(rejected, read, limit, reasons)))
    if len(faults) == 1:
        raise ExtractionError(*faults[0])
    if faults:
        first = faults[0]
        others = "\n".join(f"{source}.{entity}: {message}" for source, entity, message in faults[1:])
        raise ExtractionError(first[0], first[1], f"{first[2]}\n{others}")


def accepted_share(settings: Settings, entity: EntityMapping | None) -> Decimal:
    """The share of an entity's rows, 0 to 1, that may be set aside; None: of one that its mapping no longer has."""
    accepted, limit = entity.accepted_rejects if entity else None, settings.rejected_share_limit
    return max(limit, accepted.share) if accepted else limit


def shown_key(key: str) -> str:
    """A key for a reader: its parts joined by a slash."""
    return key.replace(KEY_SEPARATOR, "/")


def _message(rejected: int, read: int, limit: Decimal, reasons: Sequence[Any]) -> str:
    shown = "; ".join(f"{count} x {reason} (keys {', '.join(map(shown_key, keys))})" for reason, count, keys in reasons)
    return (
        f"{rejected} of {read} rows were set aside, more than {limit:.1%}: {shown}. Mend them at the source, or accept"
        " them in the mapping (accepted_rejects); `landing.landing_rejected` holds every one"
    )


@dataclass(frozen=True)
class Filter:
    """Which rows set aside are looked at; None: of all source systems, of all entities."""

    source_system: str | None = None
    entity: str | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        columns = LANDING_REJECTED.c
        wanted = [(columns.source_system, self.source_system), (columns.entity, self.entity)]
        return sa.and_(sa.true(), *(column == value for column, value in wanted if value is not None))


def count_by_reason(connection: sa.Connection, chosen: Filter) -> list[Any]:
    """One row per source system, entity and reason, the most frequent first."""
    columns = LANDING_REJECTED.c
    named = (columns.source_system, columns.entity, columns.reason)
    counted = sa.func.count().label("row_count")
    seen = (
        sa.func.min(columns.first_rejected_at).label("first_rejected_at"),
        sa.func.max(columns.last_rejected_at).label("last_rejected_at"),
    )
    query = sa.select(*named, counted, *seen).where(chosen.condition).group_by(*named)
    return list(connection.execute(query.order_by(counted.desc(), *named)).all())


def list_rejected(connection: sa.Connection, chosen: Filter, limit: int) -> list[Any]:
    """The rows rejected last, at most so many."""
    columns = LANDING_REJECTED.c
    query = sa.select(LANDING_REJECTED).where(chosen.condition).limit(limit)
    order = (columns.last_rejected_at.desc(), columns.source_system, columns.entity, columns.key, columns.occurrence)
    return list(connection.execute(query.order_by(*order)).all())


def rejected_with_key(connection: sa.Connection, chosen: Filter, key: str) -> list[Any]:
    """The rows of that key; its parts may be joined by a slash instead of U+001F."""
    columns = LANDING_REJECTED.c
    same = sa.func.replace(columns.key, KEY_SEPARATOR, "/") == shown_key(key)
    query = sa.select(LANDING_REJECTED).where(chosen.condition, same)
    return list(connection.execute(query.order_by(columns.source_system, columns.entity, columns.occurrence)).all())
