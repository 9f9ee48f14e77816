"""Nights whose customers a test writes down: published for real, alerts and outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from pipelines import alert, publish
from pipelines.publish.tables import PUBLISHED_TABLES
from pipelines.settings import PROJECT, Settings
from tests.integration.test_ledger import enter
from tests.integration.test_publication import candidates

D = date(2026, 6, 30)
OPS, DIRECTOR = "operations@steel.example", "sales.director@steel.example"
RULES = yaml.safe_load((PROJECT / "pipelines" / "demo" / "alert_rules.yml").read_text("utf-8"))
ORDER = {"core": 1, "important": 2, "general": 3}
COLUMNS = """
    as_of_date date, run_id text, customer_id text collate "C", customer_name text, industry text, region text,
    sales_department text, salesperson_id text, account_manager_id text, is_active boolean, tier text,
    tier_computed text, previous_tier text, tier_since_on date, tier_movement text, churn_probability float8,
    churn_status text, churn_risk_level text, gross_margin_12m numeric(38, 18), value_score float8
"""


CANDIDATES = {table.candidate for table in PUBLISHED_TABLES}
# What a mail takes from other published tables; one that is not published yet is stood in for.
BESIDE = {
    "churn_reason": "as_of_date date, run_id text, customer_id text, reason_code text, reason_rank int, evidence text,"
    " evidence_zh text",
    "churn_track_record": "as_of_date date, run_id text, risk_level text, tier_group text, flagged bigint,"
    " churned bigint, flagged_customers bigint, churned_customers bigint",
}


def write_rules(folder: Path, **changed: Any) -> Path:
    """The demo's rules with changes, as a file."""
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump(RULES | changed), "utf-8")
    return file


def customer(name: str, tier: str = "core", level: str | None = "high", manager: str | None = "E1", margin: Any = 100):
    """One customer's row of a night."""
    return {"customer_id": name, "tier": tier, "level": level, "manager": manager, "margin": margin}


def prepare(
    engine: sa.Engine,
    as_of: date,
    rows: Iterable[dict[str, Any]],
    run: str = "",
    beside: dict[str, list[str]] | None = None,
) -> str:
    """Stand in for dbt: a run, and the candidates of its night (`beside`: rows of tables of BESIDE); its id."""
    run_id = f"run-{as_of}{run}"
    enter(engine, run_id)
    candidates(engine, as_of, run_id, 1.0)
    with engine.begin() as connection:
        given = {"as_of": as_of, "run_id": run_id}
        connection.execute(sa.text("update control.run set as_of_date = :as_of where run_id = :run_id"), given)
        connection.execute(sa.text("drop table candidates.customer_tier"))
        connection.execute(sa.text(f"create table candidates.customer_tier ({COLUMNS})"))
        connection.execute(sa.text("create schema if not exists intermediate"))
        connection.execute(
            sa.text(
                "create table if not exists intermediate.int_customer_order_day"
                " (customer_id text, ordered_on date, volume numeric, costed_margin numeric)"
            )
        )
        for name, columns in BESIDE.items():
            place = "candidates" if name in CANDIDATES else "published"
            connection.execute(sa.text(f"drop table if exists {place}.{name}"))
            connection.execute(sa.text(f"create table {place}.{name} ({columns})"))
            for values in (beside or {}).get(name, ()):
                connection.execute(sa.text(f"insert into {place}.{name} values ('{as_of}', '{run_id}', {values})"))
        before = _tiers_before(connection, as_of)
        for row in rows:
            connection.execute(sa.text(_INSERT), _values(as_of, run_id, row, before.get(row["customer_id"])))
    return run_id


_INSERT = """
    insert into candidates.customer_tier values (
        :as_of, :run_id, :customer_id, :customer_name, 'Steel', 'North', 'North', 'S1', :manager, :is_active,
        :tier, :tier, :before, :as_of, :movement, :probability, 'validated', :level, :margin, 1
    )
"""


def _values(as_of: date, run_id: str, row: dict[str, Any], before: str | None) -> dict[str, Any]:
    movement = "new" if before is None else "same"
    if before is not None and before != row["tier"]:
        movement = "down" if ORDER[row["tier"]] > ORDER[before] else "up"
    name = f"name of {row['customer_id']}"
    return row | {
        "as_of": as_of, "run_id": run_id, "before": before, "movement": movement, "customer_name": name,
        "is_active": row["level"] is not None, "probability": 0.6 if row["level"] == "high" else None,
    }  # fmt: skip


def _tiers_before(connection: sa.Connection, as_of: date) -> dict[str, str]:
    if connection.scalar(sa.text("select to_regclass('published.customer_tier_history')")) is None:
        return {}
    rows = connection.execute(
        sa.text(
            "select customer_id, tier from published.customer_tier_history where as_of_date ="
            " (select max(as_of_date) from published.tier_summary where as_of_date < :as_of)"
        ),
        {"as_of": as_of},
    )
    return {row.customer_id: row.tier for row in rows}


def publish_prepared(engine: sa.Engine, settings: Settings, run_id: str, *, is_told: bool = True) -> None:
    """Publish what `prepare` left, as the step does."""
    publish.publish_night(
        engine, run_id, lambda connection, as_of: alert.write_alerts(connection, settings, as_of, is_told=is_told)
    )


def night(
    engine: sa.Engine, settings: Settings, as_of: date, *rows: dict[str, Any], run: str = "", is_told: bool = True
) -> None:
    """One published night."""
    publish_prepared(engine, settings, prepare(engine, as_of, rows, run), is_told=is_told)


def query(engine: sa.Engine, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(sql), values)]
