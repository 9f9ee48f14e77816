"""What changes at a source between two nights, named before anything is overwritten.

Gone columns and columns that turned empty stop the pull, retyped ones are logged; new, unread and retyped ones are
remembered for the landing gate (`expectations/landing/extraction.py`). A changed mapping reads everything again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping as Names
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Entity
from pipelines.extract.errors import ExtractionError
from pipelines.extract.pull import Plan
from pipelines.sources.mapping import UPDATED_AT, Mapping

log = logging.getLogger(__name__)

# Fewer rows than this may be empty in a column by chance.
ROWS_THAT_TELL = 20
# By chance less often than this is no chance: the natural logarithm of a million.
SURE = math.log(1e6)

# What a mapping says of other things than how a row is read.
PASSING: dict[str, Any] = {
    "absent": True,
    "absent_columns": True,
    "accepted_rejects": True,
    "change_marker": {"overlap_minutes", "overlap_ids"},
}

LAST_READ = """
    select extraction.columns_read, extraction.source_columns, run.as_of_date from control.extraction
    join control.run on run.run_id = extraction.run_id
    where extraction.source_system = :source_system and extraction.entity = :entity
    and extraction.columns_read is not null order by run.started_at desc limit 1
"""


def fingerprint(mapping: Mapping, entity: str, zones: tuple[str, str]) -> str:
    """Of everything that decides how an entity's rows are read: where it differs, rows landed before are read anew."""
    mapped = mapping.entities[entity].model_dump(mode="json", exclude=PASSING)
    whole = mapping.model_dump(mode="json", include={"id_prefix", "files", "rest"})
    text = json.dumps([mapped, whole, zones], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hold_columns_against_the_last(connection: sa.Connection, names: Names[str, Any], plan: Plan) -> None:
    """Look for columns that the last pull read and that have gone, or have another type now, which is logged.

    Gone: the mapping still names it and the source may lack it.

    Raises:
        ExtractionError: it names the columns that have gone and since when.
    """
    last = connection.execute(sa.text(LAST_READ), {key: names[key] for key in ("source_system", "entity")}).first()
    named = {origin.column for origin in plan.pull.entity.columns.values() if origin.column is not None}
    if last is None:
        return
    gone = sorted((named & set(last.columns_read)) - set(plan.types))
    if gone:
        raise ExtractionError(
            names["source_system"],
            names["entity"],
            f"the source has lost {', '.join(gone)}, read last for the night of {last.as_of_date}: nothing was changed."
            f" Restore it there, or take it out of {plan.pull.mapping.file}",
        )
    for column in sorted(set(plan.relation.columns) & set(last.columns_read)):
        before, now = last.source_columns.get(column), plan.types.get(column)
        if before and now and before.split("(")[0] != now.split("(")[0]:
            log.warning(
                "%s.%s: the source's column %s is %s, it was %s for the night of %s: rows whose value can no longer be"
                " read are set aside and overwrite nothing",
                names["source_system"], names["entity"], column, now, before, last.as_of_date,
            )  # fmt: skip


def refuse_emptied_columns(
    connection: sa.Connection, names: Names[str, Any], plan: Plan, contract: Entity, pulled: int
) -> None:
    """A column that landing holds filled and that comes empty in every one of so many rows (in the table `pulled`).

    A pull of everything needs no more than some filled rows before; of an incremental one the share filled before must
    make so many empty rows in a row incredible.

    Raises:
        ExtractionError: it names the columns.
    """
    mapped = [name for name, origin in plan.origins.items() if name != UPDATED_AT and origin.constant is None]
    optional = [name for name in mapped if not contract.column(name).required]
    if not optional or pulled < ROWS_THAT_TELL:
        return
    is_empty = ", ".join(f"not exists (select from pulled where {name} is not null)" for name in optional)
    found = connection.execute(sa.text(f"select {is_empty}")).one()
    empty = [name for name, nothing_came in zip(optional, found, strict=True) if nothing_came]
    if not empty:
        return
    held, filled = _filled(connection, contract, empty, names["source_system"])
    whole = plan.pull.since is None
    lost = [name for name in empty if _is_no_chance(filled[name], held, pulled, whole)]
    if lost:
        raise ExtractionError(
            names["source_system"],
            names["entity"],
            f"{', '.join(lost)} came empty in all {pulled} rows pulled, and was filled in"
            f" {_shares(lost, filled, held)} of the {held} rows held: nothing was changed. Restore the source's column,"
            f" or take it out of {plan.pull.mapping.file} if it is empty for good",
        )


def _is_no_chance(filled: int, held: int, pulled: int, whole: bool) -> bool:
    if whole or filled == held:
        return filled >= ROWS_THAT_TELL
    return filled > 0 and pulled * -math.log1p(-filled / held) > SURE


def _shares(lost: list[str], filled: dict[str, int], held: int) -> str:
    return ", ".join(f"{filled[name] / held:.0%}" for name in lost)


def _filled(
    connection: sa.Connection, contract: Entity, columns: list[str], source_system: str
) -> tuple[int, dict[str, int]]:
    """A source's rows held and, column by column, how many hold a value."""
    counts = ", ".join(f"count({name})" for name in columns)
    sql = f"select count(*), {counts} from landing.{contract.name} where source_system = :source_system"
    row = connection.execute(sa.text(sql), {"source_system": source_system}).one()
    return int(row[0]), {name: int(count) for name, count in zip(columns, row[1:], strict=True)}
