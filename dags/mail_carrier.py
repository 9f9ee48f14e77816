"""The mails' carrier: Airflow's SMTP provider opens the connection, the pipeline hands over its own messages.

The provider's own sending is not used: it tries a refused mail again at once, reports mails as failed that the server
has taken, and sets no Message-ID. Its hook is used for what it is good at: connections, TLS, login.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException

from pipelines.alert.smtp import smtp_server
from pipelines.night import watch
from pipelines.night.steps import business_date_before
from pipelines.settings import get_settings

if TYPE_CHECKING:
    import smtplib
    from collections.abc import Iterator

FLAGS = ("disable_tls", "disable_ssl")


class MailHook(SmtpHook):
    """The provider's hook on the mail server that the settings name, or on the Airflow connection that they name."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        settings = get_settings()
        if settings.smtp_connection_id:
            return _with_true_flags(super().get_connection(settings.smtp_connection_id))
        server = smtp_server(settings)
        extra = {
            "disable_tls": server.security != "starttls", "disable_ssl": server.security != "tls",
            "timeout": max(int(server.timeout), 1), "retry_limit": 0,
        }  # fmt: skip
        return Connection(
            conn_id=conn_id, conn_type="smtp", host=server.host, port=server.port, login=server.user or None,
            password=server.password or None, extra=json.dumps(extra),
        )  # fmt: skip

    @property
    def client(self) -> smtplib.SMTP:
        """The open connection, a plain `smtplib` client."""
        return self._smtp_client


def _with_true_flags(connection: Connection) -> Connection:
    """The hook takes the text `false`, as a connection's URL holds it, for true: it would turn encryption off."""
    extra: dict[str, Any] = {**connection.extra_dejson, "retry_limit": 0}
    for flag in FLAGS:
        if isinstance(extra.get(flag), str):
            extra[flag] = extra[flag].strip().lower() in ("1", "true", "yes", "on")
    connection.extra = json.dumps(extra)
    return connection


@contextmanager
def open_client() -> Iterator[smtplib.SMTP]:
    """A connection for the pipeline's mails; raises OSError or smtplib.SMTPException where it cannot be had."""
    hook = MailHook()
    try:
        hook.get_conn()
    except AirflowException as error:
        raise ConnectionError(str(error)) from error
    try:
        yield hook.client
    finally:
        with suppress(OSError):
            hook.client.quit()
        hook.client.close()


def report_late_night(context: dict[str, Any]) -> None:
    """What the nightly DAG's deadline calls when it is missed: operations are told once, whoever notices first."""
    run = context["dag_run"]
    given = (run.get("conf") or {}).get("as_of_date")
    due = datetime.fromisoformat(run.get("data_interval_end") or run["run_after"])
    as_of = date.fromisoformat(given) if given else business_date_before(due, get_settings())
    watch.report_late_night(as_of, open_client)
