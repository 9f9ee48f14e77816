"""The one way back: what was published for the night before, copied to `control.previous_*` when a night is opened."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from pipelines.explain.scored import COLUMNS, scored_indicators
from pipelines.settings import Settings
from pipelines.warehouse.schema import PREVIOUS_INDICATOR, PREVIOUS_NIGHT, PREVIOUS_RUN, PREVIOUS_SCOPE_TIER

_LATEST = "select max(as_of_date) from published.tier_summary where as_of_date < :as_of"
_NIGHT = """
    insert into {prefix}control.previous_night
        (customer_id, as_of_date, tier, tier_computed, tier_since_on, value_score)
    select customer_id, as_of_date, tier, tier_computed, tier_since_on, value_score
    from published.customer_tier_history where as_of_date = :before
"""
_SCOPES = """
    insert into {prefix}control.previous_scope_tier (scope, scope_id, customer_id, as_of_date, tier_computed)
    select scope, scope_id, customer_id, as_of_date, tier_computed from published.scope_tier where as_of_date = :before
"""
_RUN = """
    insert into {prefix}control.previous_run (as_of_date, known_at, source_systems, calibration_version, night)
    select published.as_of_date, published.published_at, run.source_systems, published.calibration_version, run.night
    from published.customer_tier_history as published
    inner join control.run as run on published.run_id = run.run_id
    where published.as_of_date = :before
    limit 1
"""


def previous_night(connection: sa.Connection, settings: Settings, as_of: date) -> date | None:
    """Copy the latest published night before `as_of` to `control.previous_*`: tiers, scored indicators, what it knew.

    Returns:
        Its date; None, and the copies empty, where no night before `as_of` was published.
    """
    before: date | None = None
    if connection.scalar(sa.text("select to_regclass('published.tier_summary')")) is not None:
        before = connection.scalar(sa.text(_LATEST), {"as_of": as_of})
    copy_night(connection, settings, before)
    return before


def copy_night(connection: sa.Connection, settings: Settings, before: date | None, prefix: str = "") -> None:
    """Copy a published night to `{prefix}control.previous_*`, or empty them; `prefix` is an evaluation's aside."""
    for table in (PREVIOUS_NIGHT, PREVIOUS_SCOPE_TIER, PREVIOUS_RUN, PREVIOUS_INDICATOR):
        connection.execute(sa.text(f"truncate {prefix}control.{table.name}"))
    if before is None:
        return
    statements = [_NIGHT, _RUN]
    if connection.scalar(sa.text("select to_regclass('published.scope_tier')")) is not None:
        statements.append(_SCOPES)
    for statement in statements:
        connection.execute(sa.text(statement.format(prefix=prefix)), {"before": before})
    scored = scored_indicators(connection, settings, before)
    connection.execute(
        sa.text(f"insert into {prefix}control.previous_indicator ({COLUMNS}) select {COLUMNS} from {scored} as s")
    )
    for table in (PREVIOUS_NIGHT, PREVIOUS_SCOPE_TIER, PREVIOUS_INDICATOR):
        connection.execute(sa.text(f"analyze {prefix}control.{table.name}"))
