"""The watch over nights that never came: it looks at what is published, not at Airflow, and runs outside it.

A scheduler that is down calls no callback; so cron, a systemd timer or a container runs `cvp watch` every half hour.
"""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipelines import alert
from pipelines.alert.incident import late_payload
from pipelines.alert.mailing import transport
from pipelines.alert.message import build_message
from pipelines.alert.outbox import Mail, mail_key
from pipelines.alert.send import SendReport
from pipelines.alert.transport import DeferredMail, OutcomeUnknown, RefusedMail, ServerUnavailable
from pipelines.settings import Settings, SettingsError, get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import ServerError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchReport:
    """What the watch found: the night that is due, whether it is late, what kept it from looking, what was mailed."""

    due: date
    is_late: bool
    unreachable: str | None
    mails: SendReport


def due_night(settings: Settings, now: datetime) -> date:
    """The newest as-of date that must be published at `now` (aware): the day before, once the deadline hour is past."""
    local = now.astimezone(settings.zone)
    return local.date() - timedelta(days=1 if local.hour >= settings.deadline_hour else 2)


def report_late_night(as_of: date, open_client: alert.ClientOpener | None = None) -> bool:
    """Tell operations, once, that the night of `as_of` is not published; whether it is not."""
    settings = get_settings()
    engine = warehouse_engine(settings)
    is_late = alert.note_late_night(engine, settings, as_of)
    alert.send_mails(engine, settings, open_client)
    return is_late


def watch(now: datetime) -> WatchReport:
    """Look whether the due night is published, note what failed meanwhile, and send what waits in the outbox."""
    settings = get_settings()
    due = due_night(settings, now)
    try:
        engine = warehouse_engine(settings)
    except (SettingsError, ServerError) as error:
        return WatchReport(due, True, str(error), _tell_without_warehouse(settings, due, now))
    migrations.upgrade(engine)
    alert.note_failed_runs(engine, settings)
    is_late = alert.note_late_night(engine, settings, due)
    return WatchReport(due, is_late, None, alert.send_mails(engine, settings))


def _tell_without_warehouse(settings: Settings, due: date, now: datetime) -> SendReport:
    """One mail a night and address that the warehouse cannot be reached; a file notes it, for there is no outbox."""
    report = SendReport()
    folder = settings.home / "watch"
    folder.mkdir(parents=True, exist_ok=True)
    for recipient in alert.load_rules(settings).operations:
        key = mail_key("late", f"{due}/unreachable", recipient.address)
        note = folder / re.sub(r"[^A-Za-z0-9@.-]", "_", key)
        if note.exists():
            continue
        message_id = f"<{uuid.uuid5(uuid.NAMESPACE_URL, key).hex}@{settings.mail_from.rpartition('@')[2]}>"
        payload = late_payload(settings, is_unreachable=True) | {"status": None, "step": None, "stands": None}
        mail = Mail(key, "late", due, recipient.address, recipient.language, message_id, payload, now)
        try:
            with transport(settings) as way:
                way.send(build_message(mail, settings.mail_from), mail.recipient, key, lambda: None)
        except (DeferredMail, RefusedMail, OutcomeUnknown, ServerUnavailable) as error:
            log.warning("mail %s could not be sent: %s", key, error)
            report.waiting.append(key)
            report.unavailable = str(error)
            continue
        note.touch()
        report.sent.append(key)
    return report
