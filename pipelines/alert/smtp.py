"""An SMTP connection from the setting `smtp_url`, for what runs outside Airflow.

`smtp://user:password@host:587` speaks STARTTLS and nothing without it, `smtps://...:465` TLS from the first byte,
`smtp://host:25?starttls=off` plain text, for a relay on the same machine or network; a password is never sent in it.
Certificates are checked against the system's authorities, or those of the file that SSL_CERT_FILE names.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines.settings import Settings, SettingsError

DEFAULT_PORT = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class SmtpServer:
    """Where mails go, and how the connection is protected: `starttls`, `tls` or `none`."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30


def smtp_server(settings: Settings) -> SmtpServer:
    """The server that `smtp_url` names.

    Raises:
        SettingsError: there is no `smtp_url`, or it is wrong.
    """
    if not settings.smtp_url:
        raise SettingsError("no mail server: set smtp_url (CVP_SMTP_URL=smtp://user:password@host:587)")
    try:
        url = urlsplit(settings.smtp_url)
        port = url.port
    except ValueError as error:
        raise SettingsError(f"smtp_url is no URL: {error}") from error
    options = parse_qs(url.query, keep_blank_values=True)
    starttls = options.pop("starttls", ["required"])[-1]
    if url.scheme not in DEFAULT_PORT or not url.hostname or options or url.path.strip("/"):
        raise SettingsError("smtp_url is smtp://user:password@host:port or smtps://..., with ?starttls=off at most")
    if starttls not in ("required", "off") or (url.scheme == "smtps" and "starttls" in url.query):
        raise SettingsError("smtp_url: starttls is `required` (the default) or `off`, and of no use with smtps")
    security = "tls" if url.scheme == "smtps" else {"required": "starttls", "off": "none"}[starttls]
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if user and security == "none":
        raise SettingsError("smtp_url: a password goes over an encrypted connection only; leave out starttls=off")
    if bool(user) != bool(password):
        raise SettingsError("smtp_url: user and password go together")
    return SmtpServer(
        url.hostname, port or DEFAULT_PORT[url.scheme], security, user, password, settings.mail_timeout_seconds
    )


@contextmanager
def open_client(server: SmtpServer) -> Iterator[smtplib.SMTP]:
    """A connection, protected as demanded and logged in.

    Raises:
        OSError, smtplib.SMTPException: it cannot be had so; nothing was sent in plain text instead.
    """
    context = ssl.create_default_context()
    if server.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        yield client
    finally:
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()
