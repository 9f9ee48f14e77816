"""Sending what stands in the outbox: in rounds with back-off, each mail by itself, its outcome noted at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from pipelines.alert import outbox
from pipelines.alert.message import MessageError, build_message
from pipelines.alert.transport import DeferredMail, OutcomeUnknown, RefusedMail, ServerUnavailable, Transport
from pipelines.settings import Settings

log = logging.getLogger(__name__)

SENDER_LOCK = sa.func.hashtext("cvp mail sender")
LONGEST_WAIT_SECONDS = 120


@dataclass
class SendReport:
    """What a sending came to. Lists hold mail keys; `unavailable` says why no mail could be given at the end."""

    sent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    unavailable: str | None = None
    is_busy: bool = False

    @property
    def is_complete(self) -> bool:
        return not (self.refused or self.waiting or self.unavailable or self.is_busy)


def send_outbox(
    engine: sa.Engine, settings: Settings, transport: Transport, pause: Callable[[float], None] = time.sleep
) -> SendReport:
    """Send every mail that waits, oldest first; one sender at a time.

    A mail that the server defers is tried again in the next round, `mail_attempts` rounds at most; what then still
    waits stays in the outbox. Nothing is raised for what a mail server does.
    """
    report = SendReport()
    with _only_sender(engine) as is_alone:
        if not is_alone:
            report.is_busy = True
            return report
        with engine.begin() as connection:
            outbox.give_up_old(connection, timedelta(days=settings.mail_give_up_days))
        retrying = Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(settings.mail_attempts),
            wait=wait_exponential(multiplier=settings.mail_backoff_seconds, max=LONGEST_WAIT_SECONDS),
            sleep=pause,
            retry_error_callback=_last_result,
        )
        retrying(_round, engine, settings, transport, report)
    return report


def _last_result(state: RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None


@contextmanager
def _only_sender(engine: sa.Engine) -> Iterator[bool]:
    """Whether this process may send; the lock goes with the database session, so a killed sender leaves none."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_alone = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(SENDER_LOCK))))
        try:
            yield is_alone
        finally:
            if is_alone:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(SENDER_LOCK)))


def _round(engine: sa.Engine, settings: Settings, transport: Transport, report: SendReport) -> list[str]:
    """One attempt at every mail that waits; the keys of those that wait still."""
    with engine.connect() as connection:
        keys = outbox.pending(connection)
    waiting = list(keys)
    report.unavailable = None
    try:
        if keys:
            with transport:
                for key in keys:
                    if _send_one(engine, settings, transport, key, report):
                        waiting.remove(key)
    except ServerUnavailable as error:
        report.unavailable = str(error)
        log.warning("mail server unavailable, %d mails wait: %s", len(waiting), error)
        with engine.begin() as connection:
            outbox.note_unreachable(connection, str(error))
    report.waiting = waiting
    return waiting


def _send_one(engine: sa.Engine, settings: Settings, transport: Transport, key: str, report: SendReport) -> bool:
    """One attempt at one mail, its outcome noted; whether it no longer waits."""
    with engine.begin() as connection:
        mail = outbox.claim(connection, key)
    if mail is None:
        return True

    def giving() -> None:
        with engine.begin() as connection:
            outbox.note_given(connection, key)

    try:
        transport.send(build_message(mail, settings.mail_from), mail.recipient, key, giving)
    except (DeferredMail, ServerUnavailable) as error:
        with engine.begin() as connection:
            outbox.note_deferred(connection, key, str(error))
        if isinstance(error, ServerUnavailable):
            raise
        return False
    except (RefusedMail, MessageError) as error:
        with engine.begin() as connection:
            outbox.note_dead(connection, key, str(error))
        log.warning("mail %s is refused for good: %s", key, error)
        report.refused.append(key)
        return True
    except OutcomeUnknown as error:
        with engine.begin() as connection:
            is_dead = outbox.note_unknown(connection, key, str(error))
        if is_dead:
            report.refused.append(key)
        return is_dead
    with engine.begin() as connection:
        outbox.note_sent(connection, key)
    report.sent.append(key)
    return True
