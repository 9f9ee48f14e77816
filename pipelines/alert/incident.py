"""Nights that failed or came late, as incidents: operations are told when one begins, as it goes on, and when it ends.

A fault is recognised by the step that failed and the rules that stopped it, so that the same one, night after night, is
one incident. Every failed run is noted once, whoever notes it: the run itself, the command that started it, the next
night or the watch.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipelines.alert import outbox
from pipelines.alert.rules import AlertRules, load_rules
from pipelines.settings import Settings
from pipelines.warehouse.alert_schema import INCIDENT, INCIDENT_NIGHT
from pipelines.warehouse.schema import DATA_QUALITY, EXTRACTION, RUN, RUN_STEP

LATE = "late"


def note_failed_runs(engine: sa.Engine, settings: Settings) -> int:
    """Note every failed or aborted run that is not noted yet, oldest first; how many. Mails go to the outbox."""
    rules = load_rules(settings)
    unknown = ~sa.exists().where(INCIDENT_NIGHT.c.run_id == RUN.c.run_id)
    query = sa.select(RUN).where(RUN.c.status.in_(("failed", "aborted")), RUN.c.finished_at.is_not(None), unknown)
    with engine.begin() as connection:
        _lock(connection)
        runs = connection.execute(query.order_by(RUN.c.started_at)).all()
        for run in runs:
            rules_broken = _rules_broken(connection, run.run_id)
            signature = _signature(run, rules_broken)
            nights = _note_night(connection, signature, run.run_id, run.as_of_date)
            if _is_published(connection, run.as_of_date, since=run.started_at):
                _end(connection, signature)  # seen too late to be told
            elif (nights - 1) % rules.reminder_every_nights == 0:
                _write(connection, settings, rules, "failure", signature, run.as_of_date, {
                    "step": run.failed_step, "status": run.status, "fault": _fault(run.message), "nights": nights,
                    "rules": rules_broken, "entities": _entities(connection, run), "stands": _stands(connection),
                })  # fmt: skip
    return len(runs)


def note_late_night(engine: sa.Engine, settings: Settings, as_of: date) -> bool:
    """Note that the night of `as_of` is not published by the deadline; whether it is late (else nothing is noted)."""
    rules = load_rules(settings)
    with engine.begin() as connection:
        _lock(connection)
        if _is_published(connection, as_of):
            return False
        newest = connection.execute(
            sa.select(RUN).where(RUN.c.as_of_date == as_of).order_by(RUN.c.started_at.desc()).limit(1)
        ).first()
        _note_night(connection, LATE, f"{LATE}/{as_of}", as_of)
        _write(connection, settings, rules, "late", "", as_of, late_payload(settings) | {
            "status": newest.status if newest else None, "step": _step_of(connection, newest) if newest else None,
            "rules": _rules_broken(connection, newest.run_id) if newest else [],
            "entities": _entities(connection, newest) if newest else [], "stands": _stands(connection),
        })  # fmt: skip
    return True


def late_payload(settings: Settings, *, is_unreachable: bool = False) -> dict[str, Any]:
    """What every mail about a late night holds."""
    return {"deadline": f"{settings.deadline_hour:02d}:00 {settings.time_zone}", "is_unreachable": is_unreachable}


def resolve(connection: sa.Connection, settings: Settings, as_of: date) -> None:
    """End what kept nights up to `as_of` from being published, now that it is; called in that very transaction."""
    _lock(connection)
    newest_night = (
        sa.select(INCIDENT_NIGHT.c.incident_id, sa.func.max(INCIDENT_NIGHT.c.as_of_date).label("newest"))
        .group_by(INCIDENT_NIGHT.c.incident_id)
        .subquery()
    )
    query = (
        sa.select(INCIDENT.c.incident_id, INCIDENT.c.signature)
        .join(newest_night, newest_night.c.incident_id == INCIDENT.c.incident_id)
        .where(INCIDENT.c.resolved_at.is_(None), newest_night.c.newest <= as_of)
    )
    ended = []
    for incident in connection.execute(query.order_by(INCIDENT.c.incident_id)).all():
        since, nights = _extent(connection, incident.incident_id)
        ended.append({"signature": incident.signature, "nights": nights, "since": since.isoformat()})
        _end(connection, incident.signature)
        subject = str(incident.incident_id)
    if ended:
        _write(connection, settings, load_rules(settings), "resolved", subject, as_of, {"ended": ended})


def _end(connection: sa.Connection, signature: str) -> None:
    still_open = sa.and_(INCIDENT.c.signature == signature, INCIDENT.c.resolved_at.is_(None))
    connection.execute(sa.update(INCIDENT).where(still_open).values(resolved_at=sa.func.clock_timestamp()))


def open_incidents(connection: sa.Connection) -> list[tuple[str, date, int]]:
    """(signature, first night, failed nights) of the incidents that go on."""
    query = sa.select(INCIDENT.c.incident_id, INCIDENT.c.signature).where(INCIDENT.c.resolved_at.is_(None))
    rows = connection.execute(query.order_by(INCIDENT.c.incident_id)).all()
    return [(row.signature, *_extent(connection, row.incident_id)) for row in rows]


def _lock(connection: sa.Connection) -> None:
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('cvp incidents'))"))


def _note_night(connection: sa.Connection, signature: str, run_id: str, as_of: date) -> int:
    """Add a night to the incident of this signature, opened where there is none; its failed nights so far."""
    still_open = sa.and_(INCIDENT.c.signature == signature, INCIDENT.c.resolved_at.is_(None))
    incident_id = connection.scalar(sa.select(INCIDENT.c.incident_id).where(still_open))
    if incident_id is None:
        opened = sa.insert(INCIDENT).values(signature=signature, opened_at=sa.func.clock_timestamp())
        incident_id = connection.scalar(opened.returning(INCIDENT.c.incident_id))
    values = {"run_id": run_id, "incident_id": incident_id, "as_of_date": as_of}
    connection.execute(insert(INCIDENT_NIGHT).values(values).on_conflict_do_nothing())
    return _extent(connection, incident_id)[1]


def _extent(connection: sa.Connection, incident_id: int | None) -> tuple[date, int]:
    night = INCIDENT_NIGHT.c
    query = sa.select(sa.func.min(night.as_of_date), sa.func.count(sa.distinct(night.as_of_date)))
    row: Any = connection.execute(query.where(night.incident_id == incident_id)).one()
    return row[0], row[1]


def _write(
    connection: sa.Connection,
    settings: Settings,
    rules: AlertRules,
    purpose: str,
    subject: str,
    as_of: date,
    payload: dict[str, Any],
) -> None:
    """One mail to each of the operations list; the same night's same fault again finds it written."""
    about = f"{as_of}/{subject}" if subject else str(as_of)
    for recipient in rules.operations:
        outbox.write(connection, settings, purpose, about, as_of, recipient.address, recipient.language, payload)


def _signature(run: Any, rules_broken: list[dict[str, Any]]) -> str:
    step = run.failed_step or run.status
    names = sorted({rule["name"] for rule in rules_broken})
    return f"{step}: {', '.join(names)}" if names else step


def _rules_broken(connection: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """The rules that stopped the run: broken ones of severity fail, and those that could not be checked."""
    check = DATA_QUALITY.c
    query = sa.select(check.check_name, check.dataset, check.expected, check.rows_broken).where(
        check.run_id == run_id, ~check.passed, sa.or_(check.severity == "fail", check.rows_broken.is_(None)),
        check.rows_set_aside == 0,
    )  # fmt: skip
    return [
        {"name": row.check_name, "dataset": row.dataset, "expected": row.expected, "rows": row.rows_broken}
        for row in connection.execute(query.order_by(check.dataset, check.check_name))
    ]


def _step_of(connection: sa.Connection, run: Any) -> str | None:
    """The step that failed, or the one at work."""
    at_work = sa.select(RUN_STEP.c.step).where(RUN_STEP.c.run_id == run.run_id, RUN_STEP.c.status == "running")
    return run.failed_step or connection.scalar(at_work.order_by(RUN_STEP.c.started_at.desc()).limit(1))


def _entities(connection: sa.Connection, run: Any) -> list[dict[str, Any]]:
    """Where too many rows were set aside: how many of which entity."""
    if run.failed_step != "check_rejections":
        return []
    entity = EXTRACTION.c
    query = sa.select(EXTRACTION).where(entity.run_id == run.run_id, entity.rows_rejected > 0)
    return [
        {"entity": f"{row.source_system}.{row.entity}", "rejected": row.rows_rejected, "read": row.rows_read}
        for row in connection.execute(query.order_by(entity.rows_rejected.desc()))
    ]


def _fault(message: str | None) -> str | None:
    """The kind of fault, without its text: that may quote rows."""
    kind, colon, _ = (message or "").partition(":")
    return kind if colon and kind.isidentifier() else None


def _stands(connection: sa.Connection) -> str | None:
    stands = connection.scalar(sa.text("select as_of_date from publication.current_night"))
    return stands.isoformat() if stands else None


def _is_published(connection: sa.Connection, as_of: date, since: datetime | None = None) -> bool:
    """Whether the night of `as_of`, or a later one, was published; by a run that began after `since`."""
    query = sa.select(sa.func.count()).where(RUN.c.as_of_date >= as_of, RUN.c.status == "published")
    if since is not None:
        query = query.where(RUN.c.started_at > since)
    return bool(connection.scalar(query.select_from(RUN)))
