"""Whether a run set aside too much: the threshold that stops a night. The rows that landed stay."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.extract.errors import ExtractionError
from pipelines.settings import Settings
from pipelines.sources.reading import load_mapping

REASONS_SHOWN = 3
KEYS_SHOWN = 3

COUNTS = """
    select source_system, entity, rows_read, rows_rejected from control.extraction
    where run_id = :run_id and rows_rejected > 0 order by source_system, entity
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
