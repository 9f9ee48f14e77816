"""Rows that were set aside: the threshold that stops a night, and how to look at them. The rows that landed stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.extract.errors import ExtractionError
from pipelines.settings import Settings
from pipelines.sources.reading import load_mapping
from pipelines.warehouse.schema import LANDING_REJECTED

REASONS_SHOWN = 3
KEYS_SHOWN = 3

# What a pull by marker found set aside already when the source's last night was published stops no night again: it may
# be most of the little that such a pull reads. Rows rejected by one pull have one time of rejection.
COUNTS = """
    select
        extraction.source_system, extraction.entity, extraction.rows_read - known.row_count as rows_read,
        extraction.rows_rejected - known.row_count as rows_rejected
    from control.extraction as extraction
    cross join lateral (
        select count(*) as row_count
        from landing.landing_rejected as rejected
        where not extraction.is_full_pull and rejected.run_id = extraction.run_id
            and rejected.source_system = extraction.source_system and rejected.entity = extraction.entity
            and rejected.last_rejected_at = (
                select max(last.last_rejected_at) from landing.landing_rejected as last
                where last.source_system = extraction.source_system and last.entity = extraction.entity
            )
            and rejected.first_rejected_at < (
                select max(run.finished_at) from control.run as run
                where run.status = 'published' and extraction.source_system = any(run.source_systems)
            )
    ) as known
    where extraction.run_id = :run_id and extraction.rows_rejected > known.row_count
    order by extraction.source_system, extraction.entity
"""
# One row per reason of an entity's rows set aside in the run, the most frequent first.
REASONS = """
    select reason, count(*) as row_count, (array_agg(key order by key))[1:3] as keys from landing.landing_rejected
    where run_id = :run_id and source_system = :source_system and entity = :entity
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
            source, entity, read, rejected = str(row[0]), str(row[1]), int(row[2]), int(row[3])
            limit = _accepted_share(settings, source, entity)
            if rejected > settings.rejected_rows_allowed and rejected > limit * read:
                names = {"run_id": run_id, "source_system": source, "entity": entity, "shown": REASONS_SHOWN}
                reasons = connection.execute(sa.text(REASONS), names).all()
                faults.append((source, entity, _message(rejected, read, limit, reasons)))
    if len(faults) == 1:
        raise ExtractionError(*faults[0])
    if faults:
        first = faults[0]
        others = "\n".join(f"{source}.{entity}: {message}" for source, entity, message in faults[1:])
        raise ExtractionError(first[0], first[1], f"{first[2]}\n{others}")


def _accepted_share(settings: Settings, source: str, entity: str) -> Decimal:
    mapped = load_mapping(source, settings).entities.get(entity)
    accepted = mapped.accepted_rejects if mapped else None
    return max(settings.rejected_share_limit, accepted.share) if accepted else settings.rejected_share_limit


def _message(rejected: int, read: int, limit: Decimal, reasons: Sequence[Any]) -> str:
    shown = "; ".join(
        f"{count} x {reason} (keys {', '.join(key.replace(chr(31), '/') for key in keys)})"
        for reason, count, keys in reasons
    )
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
    same = sa.func.replace(columns.key, chr(31), "/") == key.replace(chr(31), "/")
    query = sa.select(LANDING_REJECTED).where(chosen.condition, same)
    return list(connection.execute(query.order_by(columns.source_system, columns.entity, columns.occurrence)).all())
