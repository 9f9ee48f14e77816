"""The one way back: what was published for the night before, copied to `control.previous_*` when a night is opened."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from pipelines.explain.scored import COLUMNS, scored_indicators
from pipelines.settings import Settings
from pipelines.warehouse.schema import PREVIOUS_INDICATOR, PREVIOUS_NIGHT, PREVIOUS_RUN, PREVIOUS_SCOPE_TIER

_LATEST = "select max(as_of_date) from published.tier_summary where as_of_date < :as_of"
_NIGHT = """
    insert into control.previous_night (customer_id, as_of_date, tier, tier_computed, tier_since_on, value_score)
    select customer_id, as_of_date, tier, tier_computed, tier_since_on, value_score
    from published.customer_tier_history where as_of_date = :before
"""
_SCOPES = """
    insert into control.previous_scope_tier (scope, scope_id, customer_id, as_of_date, tier_computed)
    select scope, scope_id, customer_id, as_of_date, tier_computed from published.scope_tier where as_of_date = :before
"""
_RUN = """
    insert into control.previous_run (as_of_date, known_at, source_systems, calibration_version)
    select published.as_of_date, published.published_at, run.source_systems, published.calibration_version
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
    for table in (PREVIOUS_NIGHT, PREVIOUS_SCOPE_TIER, PREVIOUS_RUN, PREVIOUS_INDICATOR):
        connection.execute(sa.text(f"truncate {table.schema}.{table.name}"))
    if connection.scalar(sa.text("select to_regclass('published.tier_summary')")) is None:
        return None
    before: date | None = connection.scalar(sa.text(_LATEST), {"as_of": as_of})
    if before is None:
        return None
    connection.execute(sa.text(_NIGHT), {"before": before})
    if connection.scalar(sa.text("select to_regclass('published.scope_tier')")) is not None:
        connection.execute(sa.text(_SCOPES), {"before": before})
    connection.execute(sa.text(_RUN), {"before": before})
    scored = scored_indicators(connection, settings, before)
    connection.execute(
        sa.text(f"insert into control.previous_indicator ({COLUMNS}) select {COLUMNS} from {scored} as s")
    )
    for table in (PREVIOUS_NIGHT, PREVIOUS_SCOPE_TIER, PREVIOUS_INDICATOR):
        connection.execute(sa.text(f"analyze {table.schema}.{table.name}"))
    return before
