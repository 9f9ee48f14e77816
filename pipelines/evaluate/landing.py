"""What landing held at an instant, and which of its rows came or changed after one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from pipelines.contract import ENTITIES, Entity
from pipelines.contract import entity as contract_of
from pipelines.warehouse.schema import LEADING_TO_CUSTOMERS

_INSTANT = "timestamptz '{}'"
# how an entity's rows lead to a customer where they do not name one
_BY_ORDER, _BY_INVOICE = LEADING_TO_CUSTOMERS


def known_versions(entity: str, instant: datetime) -> str:
    """The select of the versions of an entity's rows known at an instant: at most one per source system and key."""
    at = _INSTANT.format(instant.isoformat())
    return (
        f"select {_columns(entity)} from landing.{entity} where extracted_at <= {at}"
        f" union all {_superseded(entity)} where extracted_at <= {at} and {at} < known_to"
    )


def _superseded(entity: str) -> str:
    return f"select {_columns(entity)} from landing.{entity}_history"


def _columns(entity: str) -> str:
    return ", ".join(("source_system", *contract_of(entity).column_names, "updated_at", "extracted_at"))


@dataclass(frozen=True)
class LateRow:
    """One row that was known otherwise, or not at all, at the first of two instants; `key` joined by `/`.

    `change` is `new`, `changed` or `deleted`; `known_from` when it became so (None: deleted); `customer_id` is None
    where the row leads to nobody in particular (a product, a rate).
    """

    entity: str
    source_system: str
    key: str
    change: str
    known_from: datetime | None
    dated_on: date | None
    customer_id: str | None


def late_rows(
    connection: sa.Connection, sources: list[str], as_of: date, first: datetime, last: datetime
) -> list[LateRow]:
    """The rows of these sources, dated up to a date or undated, that differ between what two instants knew."""
    found: list[LateRow] = []
    if last <= first:
        return found
    for entity in ENTITIES:
        statement = sa.text(_late_sql(entity, first, last))
        rows = connection.execute(statement, {"sources": sources, "as_of": as_of})
        found += [LateRow(entity.name, *row) for row in rows]  # type: ignore[arg-type]
    return found


def _late_sql(entity: Entity, first: datetime, last: datetime) -> str:
    key = ", ".join(("source_system", *entity.key))
    text = " || '/' || ".join(f"{name}::text" for name in entity.key)
    after = f"select * from ({known_versions(entity.name, last)}) as known where extracted_at > "
    after += _INSTANT.format(first.isoformat())
    # what the first instant knew and the last one does not
    before = (
        f"{_superseded(entity.name)} where extracted_at <= {_INSTANT.format(first.isoformat())}"
        f" and known_to > {_INSTANT.format(first.isoformat())} and known_to <= {_INSTANT.format(last.isoformat())}"
    )
    lineage = "'{extracted_at,updated_at}'::text[]"
    dated = _dated_on(entity, first, last)
    return f"""
        with earlier as ({before}), later as ({after}),
        moved as (
            select
                source_system,
                {text} as row_key,
                case when earlier is null then 'new' when later is null then 'deleted' else 'changed' end as change,
                later.extracted_at as known_from,
                to_jsonb(earlier) - {lineage} as row_before,
                to_jsonb(later) - {lineage} as row_after
            from earlier full join later using ({key})
        ),
        placed as (
            select moved.*, {dated} as dated_on, {_customer_of(entity, first, last)} as leads_to
            from moved
            where row_before is distinct from row_after and source_system = any(:sources)
        )
        select source_system, row_key, change, known_from, dated_on, leads_to from placed
        where dated_on is null or dated_on <= :as_of
        order by leads_to, source_system, row_key
    """


def _parent(parent: str, column: str, first: datetime, last: datetime) -> str:
    """A column of the order or invoice that a row belongs to, as the last instant knew it, else as the first did."""
    key = contract_of(parent).key[0]
    looked_up = (
        f"(select {column} from ({known_versions(parent, instant)}) as parent where parent.{key} ="
        f" coalesce(row_after, row_before) ->> '{key}' and parent.source_system = moved.source_system limit 1)"
        for instant in (last, first)
    )
    return f"coalesce({', '.join(looked_up)})"


def _dated_on(entity: Entity, first: datetime, last: datetime) -> str:
    if entity.name == "sales_order_line":
        return _parent(_BY_ORDER, "ordered_on", first, last)
    if entity.dated_by is None:
        return "null::date"
    # a row that was re-dated counts by its earlier date
    name = entity.dated_by
    return f"least((row_before ->> '{name}')::date, (row_after ->> '{name}')::date)"


def _customer_of(entity: Entity, first: datetime, last: datetime) -> str:
    if "customer_id" in entity.column_names:
        return "coalesce(row_after, row_before) ->> 'customer_id'"
    if entity.name in ("sales_order_line", "delivery"):
        return _parent(_BY_ORDER, "customer_id", first, last)
    if entity.name == "payment":
        return _parent(_BY_INVOICE, "customer_id", first, last)
    return "null::text"
