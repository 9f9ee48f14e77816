"""What people do with alerts, and what they ask about them and their mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

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
    muted = newest_mutes()
    holds = sa.and_(muted.c.customer_id == alert.customer_id, muted.c.until_on > alert.updated_on)
    query = sa.select(CHURN_ALERT, muted.c.until_on.label("muted_until")).outerjoin(muted, holds)
    if customer_id is not None:
        query = query.where(alert.customer_id == customer_id)
    if only_open:
        query = query.where(alert.closed_on.is_(None)).order_by(alert.margin_at_stake.desc().nulls_last())
    else:
        query = query.order_by(alert.opened_on.desc())
    return list(connection.execute(query.order_by(alert.alert_id)))


def newest_mutes() -> sa.Subquery:
    """customer_id, until_on: of each customer's mutes the one that was said last, which holds."""
    mute = ALERT_MUTE.c
    query = sa.select(mute.customer_id, mute.until_on).ext(distinct_on(mute.customer_id))
    return query.order_by(mute.customer_id, mute.mute_id.desc()).subquery()


def acknowledge(connection: sa.Connection, alert_id: int, cause: str, by: str) -> Any:
    """Record an alert's true cause, of a closed one too; again, to correct it.

    Returns:
        The alert as it was before: a row with customer_id, customer_name, closed_on, true_cause, acknowledged_by.

    Raises:
        DeskError: no such alert or cause, or nobody's name.
    """
    if cause not in causes():
        raise DeskError(f"{cause!r} is no cause; write one of {', '.join(causes())}")
    if not by.strip():
        raise DeskError("an acknowledgement needs the name of who found it out (--by)")
    this = CHURN_ALERT.c.alert_id == alert_id
    before = connection.execute(sa.select(CHURN_ALERT).where(this).with_for_update()).first()
    if before is None:
        raise DeskError(f"there is no alert {alert_id}: numbers stand in the mail and in `cvp alerts list --all`")
    values = {"true_cause": cause, "acknowledged_by": by.strip(), "acknowledged_at": sa.func.clock_timestamp()}
    connection.execute(sa.update(CHURN_ALERT).where(this).values(values))
    return before


def mute(connection: sa.Connection, customer_id: str, until: date, by: str, reason: str) -> None:
    """Let no mail speak of a customer up to and including a day; said again, the last word holds.

    Raises:
        DeskError: no such customer, a day that is over, nobody's name or no reason.
    """
    if not by.strip() or not reason.strip():
        raise DeskError("a mute needs who decides it (--by) and why (--reason)")
    newest = _newest_night(connection, customer_id)
    if until <= newest:
        raise DeskError(
            f"{until} is over: the night of {newest} is published and its mails are written;"
            f" write a later day, or `cvp alerts unmute {customer_id}`"
        )
    _say_mute(connection, customer_id, until, by, reason)


def unmute(connection: sa.Connection, customer_id: str, by: str) -> date:
    """Let mails speak of a customer again from the next night on; the day up to which it was muted.

    Raises:
        DeskError: no such customer, nobody's name, or it is not muted.
    """
    if not by.strip():
        raise DeskError("ending a mute needs who decides it (--by)")
    newest, muted = _newest_night(connection, customer_id), newest_mutes()
    until = connection.scalar(sa.select(muted.c.until_on).where(muted.c.customer_id == customer_id))
    if until is None or until <= newest:
        raise DeskError(f"customer {customer_id} is not muted: mails speak of it")
    _say_mute(connection, customer_id, newest, by, f"unmuted, it was muted until {until}")
    return until


def _say_mute(connection: sa.Connection, customer_id: str, until: date, by: str, reason: str) -> None:
    values = {"customer_id": customer_id, "until_on": until, "muted_by": by.strip(), "reason": reason.strip()}
    connection.execute(sa.insert(ALERT_MUTE).values(**values, muted_at=sa.func.clock_timestamp()))


def _newest_night(connection: sa.Connection, customer_id: str) -> date:
    """The newest published night, which knows the customer; DeskError where none does."""
    query = sa.text("select as_of_date from published.customer_tier where customer_id = :customer_id")
    is_there = connection.scalar(sa.text("select to_regclass('published.customer_tier')")) is not None
    newest: date | None = connection.scalar(query, {"customer_id": customer_id}) if is_there else None
    if newest is None:
        raise DeskError(
            f"no customer {customer_id} is published: ids stand in `cvp alerts list`, `cvp explain` finds one by name"
        )
    return newest


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
