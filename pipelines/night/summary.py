"""What a night came to, read from the ledger and from `published`: plain values for the command line to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from pipelines.warehouse.schema import DATA_QUALITY, EXTRACTION, RUN, RUN_STEP


@dataclass(frozen=True)
class RunReport:
    """One run as the ledger tells it. Durations in seconds."""

    run_id: str
    as_of_date: date
    status: str
    started_at: datetime
    finished_at: datetime | None
    failed_step: str | None
    message: str | None
    tier_basis: str | None
    source_systems: list[str]
    steps: list[tuple[str, str, float]]
    extractions: list[Any]
    checks: list[Any]


@dataclass(frozen=True)
class Pyramid:
    """The published night: rows of `tier_summary` (company scope), the best customers, the core at risk.

    `alerts`: how many were opened this night, are open, were closed this night.
    """

    as_of_date: date
    tiers: list[Any]
    best: list[Any]
    core_lost: list[Any]
    core_at_high_risk: int
    calibration_version: int | None
    alerts: tuple[int, int, int]


def latest_run(connection: sa.Connection, since: datetime | None = None) -> str | None:
    """The id of the newest night's run, or of the newest that began at `since` or later."""
    query = sa.select(RUN.c.run_id).where(RUN.c.kind == "night").order_by(RUN.c.started_at.desc()).limit(1)
    return connection.scalar(query.where(RUN.c.started_at >= since) if since else query)


def steps_of(connection: sa.Connection, run_id: str) -> list[tuple[str, str, float]]:
    """(step, status, seconds so far) of a run, in the order of their beginning."""
    end = sa.func.coalesce(RUN_STEP.c.finished_at, sa.func.clock_timestamp())
    seconds = sa.cast(sa.extract("epoch", end - RUN_STEP.c.started_at), sa.Double)
    rows = connection.execute(
        sa.select(RUN_STEP.c.step, RUN_STEP.c.status, seconds)
        .where(RUN_STEP.c.run_id == run_id)
        .order_by(RUN_STEP.c.started_at)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def run_report(connection: sa.Connection, run_id: str) -> RunReport:
    """Everything that the ledger knows of a run. KeyError where there is none of that id."""
    run = connection.execute(sa.select(RUN).where(RUN.c.run_id == run_id)).first()
    if run is None:
        raise KeyError(f"no run {run_id}")
    extractions = connection.execute(
        sa.select(EXTRACTION)
        .where(EXTRACTION.c.run_id == run_id)
        .order_by(EXTRACTION.c.source_system, EXTRACTION.c.entity)
    ).all()
    checks = connection.execute(
        sa.select(DATA_QUALITY)
        .where(DATA_QUALITY.c.run_id == run_id)
        .order_by(DATA_QUALITY.c.passed, DATA_QUALITY.c.dataset, DATA_QUALITY.c.check_name)
    ).all()
    return RunReport(
        run_id, run.as_of_date, run.status, run.started_at, run.finished_at, run.failed_step, run.message,
        run.tier_basis, list(run.source_systems), steps_of(connection, run_id), list(extractions), list(checks),
    )  # fmt: skip


def published_night(connection: sa.Connection, best: int = 10) -> Pyramid | None:
    """The newest published night; None where nothing is published yet."""
    if connection.scalar(sa.text("select to_regclass('published.customer_tier')")) is None:
        return None
    as_of = connection.scalar(sa.text("select as_of_date from publication.current_night"))
    if as_of is None:
        return None
    tiers = connection.execute(
        sa.text(
            "select * from published.tier_summary where as_of_date = :as_of and scope = 'company'"
            " order by tier_position"
        ),
        {"as_of": as_of},
    ).all()
    top = connection.execute(
        sa.text(
            "select company_rank, customer_id, customer_name, tier, value_score, gross_margin_12m, volume_12m,"
            " churn_risk_level, calibration_version from published.customer_tier"
            " where company_rank <= :best order by company_rank"
        ),
        {"best": best},
    ).all()
    lost = connection.execute(
        sa.text(
            "select customer_id, customer_name, tier, gross_margin_12m from published.customer_tier"
            " where previous_tier = 'core' and tier <> 'core' order by gross_margin_12m desc nulls last"
        )
    ).all()
    risk = connection.scalar(
        sa.text("select count(*) from published.customer_tier where tier = 'core' and churn_risk_level = 'high'")
    )
    counted = connection.execute(
        sa.text(
            "select count(*) filter (where opened_on = :as_of) as opened,"
            " count(*) filter (where closed_on is null) as still, count(*) filter (where closed_on = :as_of) as closed"
            " from published.churn_alert"
        ),
        {"as_of": as_of},
    ).one()
    version = top[0].calibration_version if top else None
    alerts = (counted.opened, counted.still, counted.closed)
    return Pyramid(as_of, list(tiers), list(top), list(lost), int(risk or 0), version, alerts)


def published_dates(connection: sa.Connection, newest: int = 10) -> list[date]:
    """The newest published as-of dates, newest first."""
    if connection.scalar(sa.text("select to_regclass('published.customer_tier_history')")) is None:
        return []
    rows = connection.execute(
        sa.text("select distinct as_of_date from published.tier_summary order by as_of_date desc limit :newest"),
        {"newest": newest},
    )
    return [row[0] for row in rows]
