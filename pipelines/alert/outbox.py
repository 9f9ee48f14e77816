"""The outbox (`control.mail_outbox`): mails are written with what they tell, and sent afterwards.

A mail is claimed before it is sent: from then on it may have arrived, and is never written anew.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipelines.settings import Settings
from pipelines.warehouse.alert_schema import MAIL_OUTBOX

# After the server cut the connection twice, each time having been given the whole mail, a third copy helps nobody.
UNKNOWN_OUTCOMES_BORNE = 1
ERROR_LIMIT = 500


@dataclass(frozen=True)
class Mail:
    """One mail to one address, as it stands in the outbox; `payload` holds the facts that it is rendered from."""

    mail_key: str
    purpose: str
    as_of_date: date
    recipient: str
    language: str
    message_id: str
    payload: dict[str, Any]
    created_at: datetime


def mail_key(purpose: str, subject: str, recipient: str) -> str:
    """What makes a mail the only one of its kind: a mail of the same key is never written twice."""
    return f"{purpose}/{subject}/{recipient.lower()}"


def write(
    connection: sa.Connection,
    settings: Settings,
    purpose: str,
    subject: str,
    as_of: date,
    recipient: str,
    language: str,
    payload: dict[str, Any],
) -> str | None:
    """Put a mail into the outbox; its key, or None where one of that key is there already."""
    row = insert(MAIL_OUTBOX).values(
        mail_key=mail_key(purpose, subject, recipient), purpose=purpose, as_of_date=as_of, recipient=recipient,
        language=language, message_id=f"<{uuid.uuid4().hex}@{settings.mail_from.rpartition('@')[2]}>",
        payload=payload, status="pending", created_at=sa.func.clock_timestamp(),
    )  # fmt: skip
    return connection.scalar(row.on_conflict_do_nothing().returning(MAIL_OUTBOX.c.mail_key))


def withdraw_unsent(connection: sa.Connection, purpose: str, as_of: date) -> None:
    """Take back the mails of a night of which no attempt was made, and with them the notices that they carried."""
    untouched = sa.and_(MAIL_OUTBOX.c.status == "pending", MAIL_OUTBOX.c.attempts == 0)
    of_night = sa.and_(MAIL_OUTBOX.c.purpose == purpose, MAIL_OUTBOX.c.as_of_date == as_of)
    connection.execute(sa.delete(MAIL_OUTBOX).where(untouched, of_night))


def pending(connection: sa.Connection) -> list[str]:
    """Keys of the mails that wait, oldest first."""
    query = sa.select(MAIL_OUTBOX.c.mail_key).where(MAIL_OUTBOX.c.status == "pending")
    return list(connection.scalars(query.order_by(MAIL_OUTBOX.c.created_at, MAIL_OUTBOX.c.mail_key)))


def claim(connection: sa.Connection, key: str) -> Mail | None:
    """Note that an attempt begins and return the mail; None where it no longer waits."""
    columns = [MAIL_OUTBOX.c[name] for name in Mail.__dataclass_fields__]
    row = connection.execute(
        sa.update(MAIL_OUTBOX)
        .where(MAIL_OUTBOX.c.mail_key == key, MAIL_OUTBOX.c.status == "pending")
        .values(
            attempts=MAIL_OUTBOX.c.attempts + 1,
            possible_duplicates=MAIL_OUTBOX.c.possible_duplicates + sa.cast(MAIL_OUTBOX.c.in_flight, sa.Integer),
            last_attempt_at=sa.func.clock_timestamp(),
        )
        .returning(*columns)
    ).first()
    return Mail(**row._asdict()) if row else None


def note_given(connection: sa.Connection, key: str) -> None:
    """The server is about to be given the text: from here on it may have the mail without our knowing."""
    _note(connection, key, in_flight=True)


def note_sent(connection: sa.Connection, key: str) -> None:
    """The server has taken the mail."""
    _note(connection, key, status="sent", in_flight=False, last_error=None, finished_at=sa.func.clock_timestamp())


def note_deferred(connection: sa.Connection, key: str, reason: str) -> None:
    """The server has not taken the mail, and may take it later."""
    _note(connection, key, in_flight=False, last_error=reason[:ERROR_LIMIT])


def note_dead(connection: sa.Connection, key: str, reason: str) -> None:
    """The server will never take the mail; it stays in the outbox, reported, and is not tried again by itself."""
    finished = sa.func.clock_timestamp()
    _note(connection, key, status="dead", in_flight=False, last_error=reason[:ERROR_LIMIT], finished_at=finished)


def note_unreachable(connection: sa.Connection, reason: str) -> None:
    """No mail can be given to the server at all."""
    values = {"last_error": reason[:ERROR_LIMIT]}
    connection.execute(sa.update(MAIL_OUTBOX).where(MAIL_OUTBOX.c.status == "pending").values(values))


def note_unknown(connection: sa.Connection, key: str, reason: str) -> bool:
    """The connection was cut after the whole mail was given: it may have been taken. One more attempt is made.

    Returns:
        Whether that was made before, so that the mail rests now.
    """
    count = MAIL_OUTBOX.c.unknown_outcomes + 1
    _note(connection, key, unknown_outcomes=count, last_error=reason[:ERROR_LIMIT])
    known = sa.select(MAIL_OUTBOX.c.unknown_outcomes).where(MAIL_OUTBOX.c.mail_key == key)
    is_dead = (connection.scalar(known) or 0) > UNKNOWN_OUTCOMES_BORNE
    if is_dead:
        note_dead(connection, key, f"cut twice after the whole mail was given, it may have arrived: {reason}")
        note_given(connection, key)  # sent again by hand it may be one copy more
    return is_dead


def _note(connection: sa.Connection, key: str, **values: Any) -> None:
    connection.execute(sa.update(MAIL_OUTBOX).where(MAIL_OUTBOX.c.mail_key == key).values(values))


def give_up_old(connection: sa.Connection, age: timedelta) -> int:
    """Let mails that have waited for longer than `age` rest as dead; how many."""
    old = sa.and_(MAIL_OUTBOX.c.status == "pending", MAIL_OUTBOX.c.created_at < sa.func.clock_timestamp() - age)
    reason = sa.func.concat(f"given up after {age.days} days; ", MAIL_OUTBOX.c.last_error)
    values = {"status": "dead", "finished_at": sa.func.clock_timestamp(), "last_error": reason}
    return connection.execute(sa.update(MAIL_OUTBOX).where(old, MAIL_OUTBOX.c.attempts > 0).values(values)).rowcount


def revive_dead(connection: sa.Connection) -> int:
    """Let dead mails wait again, for when what stopped them is mended; how many."""
    values = {"status": "pending", "finished_at": None, "unknown_outcomes": 0, "created_at": sa.func.clock_timestamp()}
    return connection.execute(sa.update(MAIL_OUTBOX).where(MAIL_OUTBOX.c.status == "dead").values(values)).rowcount
