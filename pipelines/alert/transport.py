"""How a mail leaves: over SMTP, whoever opens the connection, or into files.

What can go wrong is told apart by what may be done next: try this mail later, never, at most once more, or try none.
"""

from __future__ import annotations

import re
import smtplib
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol, Self

from pipelines.warehouse.server import write_private

ClientOpener = Callable[[], AbstractContextManager[smtplib.SMTP]]
PERMANENT = 500
# of what a mail is about, in a file's name
LONGEST_NAME = 80


class DeferredMail(Exception):
    """The server does not take this mail now."""


class RefusedMail(Exception):
    """The server will never take this mail."""


class OutcomeUnknown(Exception):
    """The connection broke after the mail was given and before the server's word for it."""


class ServerUnavailable(Exception):
    """No mail can be given: the server is down, does not speak TLS as demanded, or refuses us or our sender address."""


class Transport(Protocol):
    """A way for mails to leave; one `with` block is one connection."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def send(self, message: EmailMessage, recipient: str, mail_key: str, giving: Callable[[], None]) -> None:
        """Hand over one mail for one address; raises one of this module's errors where that failed.

        Args:
            giving: called when the mail may arrive from now on, whatever we learn of it.
        """


class SmtpTransport:
    """Mails over SMTP. The connection is opened anew after it broke."""

    def __init__(self, open_client: ClientOpener, sender: str) -> None:
        self._open_client = open_client
        self._sender = sender
        self._client: smtplib.SMTP | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._connected()
        return self

    def __exit__(self, *error: object) -> None:
        self._drop()

    def send(self, message: EmailMessage, recipient: str, mail_key: str, giving: Callable[[], None]) -> None:
        client = self._connected()
        try:
            self._envelope(client, recipient)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._drop()
            raise DeferredMail(f"connection lost: {error}") from error
        giving()
        try:
            code, reply = client.data(message.as_bytes(policy=SMTP))
        except smtplib.SMTPDataError as error:  # the server refused before it was given anything
            code, reply = error.smtp_code, _bytes(error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise OutcomeUnknown(f"connection lost after the mail was given: {error}") from error
        if code != 250:
            self._abandon(client)
            raise _fault(code)(_words(code, reply))

    def _envelope(self, client: smtplib.SMTP, recipient: str) -> None:
        code, reply = client.mail(self._sender)
        if code != 250:
            self._abandon(client)
            # a sender that is refused is refused for every mail
            raise ServerUnavailable(f"sender {self._sender} refused: {_words(code, reply)}")
        code, reply = client.rcpt(recipient)
        if code not in (250, 251):
            self._abandon(client)
            raise _fault(code)(_words(code, reply))

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            try:
                self._client = self._stack.enter_context(self._open_client())
                self._client.ehlo_or_helo_if_needed()
            except (OSError, smtplib.SMTPException) as error:
                self._drop()
                raise ServerUnavailable(f"{type(error).__name__}: {error}") from error
        return self._client

    def _abandon(self, client: smtplib.SMTP) -> None:
        """End the begun transaction; a connection that does not take that is given up."""
        try:
            client.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        self._client = None
        with suppress(OSError, smtplib.SMTPException):
            self._stack.close()


def _fault(code: int) -> type[DeferredMail | RefusedMail]:
    return RefusedMail if code >= PERMANENT else DeferredMail


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _words(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}"


class FileTransport:
    """Mails as files, where there is no server: `<night>/<purpose>-<address>.eml`, and `.html` for a browser.

    A mail that is sent twice is one file: its name comes from its key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""

    def send(self, message: EmailMessage, recipient: str, mail_key: str, giving: Callable[[], None]) -> None:
        path = self._path(recipient, mail_key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for file, content in ((path, message.as_string()), (path.with_suffix(".html"), html_page(message))):
                file.unlink(missing_ok=True)
                write_private(file, content)
        except OSError as error:
            raise DeferredMail(f"cannot write {path}: {error}") from error

    def _path(self, recipient: str, mail_key: str) -> Path:
        purpose, night, about = mail_key.split("/", 2)
        subject = about.rpartition("/")[0]
        if len(subject) > LONGEST_NAME:
            subject = f"{subject[:LONGEST_NAME]}_{zlib.crc32(subject.encode()):08x}"
        name = "-".join(filter(None, (purpose, subject, recipient.lower())))
        return self._folder / night / f"{re.sub(r'[^A-Za-z0-9@._+-]+', '_', name)}.eml"


def html_page(message: EmailMessage) -> str:
    """The HTML part, its pictures inside it, so that a browser shows what a mail reader would."""
    body = message.get_body(preferencelist=("html",))
    page = body.get_content() if body else ""
    for part in message.walk():
        if part.get_content_maintype() == "image" and part["Content-ID"]:
            picture = re.sub(r"\s", "", str(part.get_payload()))
            page = page.replace(
                f"cid:{part['Content-ID'].strip('<>')}", f"data:{part.get_content_type()};base64,{picture}"
            )
    return page
