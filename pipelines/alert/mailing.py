"""Sending as the settings say: into files or over SMTP, whoever opens the connection."""

from __future__ import annotations

import logging
from pathlib import Path

import sqlalchemy as sa

from pipelines.alert.send import SendReport, send_outbox
from pipelines.alert.smtp import open_client as open_by_url
from pipelines.alert.smtp import smtp_server
from pipelines.alert.transport import ClientOpener, FileTransport, SmtpTransport, Transport
from pipelines.settings import Settings, SettingsError

log = logging.getLogger(__name__)


def mail_folder(settings: Settings) -> Path:
    """Where mails become files while there is no mail server."""
    return settings.home / "mail"


def transport(settings: Settings, open_client: ClientOpener | None = None) -> Transport:
    """The way out for mails.

    Raises:
        SettingsError: mails go by a server that only Airflow knows, and no opener was given.
    """
    if settings.mail_transport == "file":
        return FileTransport(mail_folder(settings))
    if open_client is None:
        server = smtp_server(settings)
        return SmtpTransport(lambda: open_by_url(server), settings.mail_from)
    return SmtpTransport(open_client, settings.mail_from)


def send_mails(engine: sa.Engine, settings: Settings, open_client: ClientOpener | None = None) -> SendReport:
    """Send what waits in the outbox. Whatever hinders it is logged and reported, and raises nothing."""
    try:
        report = send_outbox(engine, settings, transport(settings, open_client))
    except (SettingsError, sa.exc.SQLAlchemyError) as error:
        log.exception("mails could not be sent")
        return SendReport(unavailable=str(error))
    log.info("mails: %d sent, %d wait, %d refused", len(report.sent), len(report.waiting), len(report.refused))
    return report
