"""What people do with alerts, and what they ask about them and their mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from pipelines.alert.words import causes
from pipelines.settings import Settings
from pipelines.warehouse.alert_schema import ALERT_MUTE, CHURN_ALERT, MAIL_OUTBOX

TROUBLE_SHOWN = 10


class DeskError(Exception):
    """What was asked for cannot be done; nothing was changed."""


@dataclass(frozen=True)
class MailState:
    """The outbox in short; `late` and `dead` are rows with recipient, purpose, as_of_date, attempts, last_error."""

    sent: int
    waiting: int
    possible_duplicates: int
    late: list[Any]
    dead: list[Any]


def alerts(connection: sa.Connection, *, only_open: bool, customer_id: str | None = None) -> list[Any]:
    """Rows of `control.churn_alert`: the open ones by margin at stake, or all, newest first; `muted_until` beside."""
    alert = CHURN_ALERT.c
    muted = (
        sa.select(sa.func.max(ALERT_MUTE.c.until_on))
        .where(ALERT_MUTE.c.customer_id == alert.customer_id, ALERT_MUTE.c.until_on >= alert.updated_on)
        .scalar_subquery()
    )
    query = sa.select(CHURN_ALERT, muted.label("muted_until"))
    if customer_id is not None:
        query = query.where(alert.customer_id == customer_id)
    if only_open:
        query = query.where(alert.closed_on.is_(None)).order_by(alert.margin_at_stake.desc().nulls_last())
    else:
        query = query.order_by(alert.opened_on.desc())
    return list(connection.execute(query.order_by(alert.alert_id)))


def acknowledge(connection: sa.Connection, alert_id: int, cause: str, by: str) -> str:
    """Record an alert's true cause; again, to correct it. The customer's name.

    Raises:
        DeskError: no such alert or cause, or nobody's name.
    """
    if cause not in causes():
        raise DeskError(f"{cause!r} is no cause; one of {', '.join(causes())}")
    if not by.strip():
        raise DeskError("an acknowledgement needs the name of who found it out (--by)")
    row = connection.execute(
        sa.update(CHURN_ALERT)
        .where(CHURN_ALERT.c.alert_id == alert_id)
        .values(true_cause=cause, acknowledged_by=by.strip(), acknowledged_at=sa.func.clock_timestamp())
        .returning(CHURN_ALERT.c.customer_id, CHURN_ALERT.c.customer_name)
    ).first()
    if row is None:
        raise DeskError(f"there is no alert {alert_id}: see `cvp alerts list --all`")
    return row.customer_name or row.customer_id


def mute(connection: sa.Connection, customer_id: str, until: date, by: str, reason: str) -> None:
    """Let no mail speak of a customer up to and including a day.

    Raises:
        DeskError: no such customer, nobody's name or no reason.
    """
    if not by.strip() or not reason.strip():
        raise DeskError("a mute needs who decides it (--by) and why (--reason)")
    known = sa.text("select 1 from published.customer_tier where customer_id = :customer_id")
    is_there = connection.scalar(sa.text("select to_regclass('published.customer_tier')")) is not None
    if not is_there or connection.scalar(known, {"customer_id": customer_id}) is None:
        raise DeskError(f"no customer {customer_id} is published")
    values = {"customer_id": customer_id, "until_on": until, "muted_by": by.strip(), "reason": reason.strip()}
    connection.execute(sa.insert(ALERT_MUTE).values(**values, muted_at=sa.func.clock_timestamp()))


def mail_state(connection: sa.Connection, settings: Settings) -> MailState:
    """How the mails stand: sent, waiting, waiting for too long, refused."""
    mail = MAIL_OUTBOX.c
    age = sa.func.clock_timestamp() - sa.func.make_interval(0, 0, 0, 0, 0, 0, settings.mail_escalation_hours * 3600)
    counts = connection.execute(
        sa.select(
            sa.func.count().filter(mail.status == "sent").label("sent"),
            sa.func.count().filter(mail.status == "pending").label("waiting"),
            sa.func.coalesce(sa.func.sum(mail.possible_duplicates), 0).label("possible_duplicates"),
        )
    ).one()
    shown = sa.select(mail.recipient, mail.purpose, mail.as_of_date, mail.attempts, mail.last_error, mail.created_at)
    shown = shown.order_by(mail.created_at.desc()).limit(TROUBLE_SHOWN)
    late = connection.execute(shown.where(mail.status == "pending", mail.created_at < age)).all()
    dead = connection.execute(shown.where(mail.status == "dead")).all()
    return MailState(counts.sent, counts.waiting, int(counts.possible_duplicates), list(late), list(dead))
