"""A real SMTP server in a process of its own, which keeps what arrives in a file and misbehaves as it is told.

Run as a program it prints its port and serves until it is ended. Its one argument is JSON:
`record`: the file, one JSON line a mail that was taken; `certificate`, `key`: offers STARTTLS; `login`: user and
password, asked for after STARTTLS; `rcpt`, `data`: recipient -> replies in order, the last one for ever; `mail`: the
replies to any sender, likewise. A reply is a code, or `cut` (takes the mail and cuts the connection without a word) or
`hang` (says nothing for a minute).
"""

from __future__ import annotations

import asyncio
import email
import json
import ssl
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG_SECONDS = 60


class Handler:
    """Replies as its script says; what is taken is on disk before the client hears of it."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.script = script
        self.heard: dict[tuple[str, str], int] = defaultdict(int)

    def reply(self, stage: str, recipient: str) -> str:
        given = self.script.get(stage, {})
        replies = given if isinstance(given, list) else given.get(recipient, ["250"])
        position = self.heard[stage, recipient]
        self.heard[stage, recipient] += 1
        return replies[min(position, len(replies) - 1)]

    def note(self, **what: Any) -> None:
        with Path(self.script["record"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(what | {"at": time.time()}) + "\n")

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        reply = self.reply("mail", "")
        if reply == "250":
            envelope.mail_from = address
            return "250 fine"
        return f"{reply} sender not known"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        reply = self.reply("rcpt", address)
        if reply == "250":
            envelope.rcpt_tos.append(address)
            return "250 fine"
        self.note(event="refused", recipient=address, code=reply)
        return f"{reply} not now" if reply.startswith("4") else f"{reply} no such mailbox"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = ", ".join(envelope.rcpt_tos)
        reply = self.reply("data", recipient)
        if reply == "hang":
            self.note(event="hung", recipient=recipient)
            await asyncio.sleep(HANG_SECONDS)
        if reply in ("250", "cut"):
            login = session.auth_data.login.decode() if session.auth_data else None
            self.note(
                event="taken", recipient=recipient, sender=envelope.mail_from, is_encrypted=session.ssl is not None,
                login=login, content=envelope.content.decode("latin-1"),
            )  # fmt: skip
        else:
            self.note(event="refused", recipient=recipient, code=reply)
        if reply == "cut":
            server.transport.abort()
        return "250 taken" if reply == "250" else f"{reply} as told"


def _authenticator(user: str, password: str) -> Any:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=is_known, handled=False, auth_data=data)

    return check


async def _serve(script: dict[str, Any]) -> None:
    handler = Handler(script)
    options: dict[str, Any] = {"hostname": "localhost", "loop": asyncio.get_running_loop()}
    if script.get("certificate"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(script["certificate"], script["key"])
        options |= {"tls_context": context}
    if script.get("login"):
        options |= {"authenticator": _authenticator(*script["login"]), "auth_required": True}
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler, **options), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@dataclass(frozen=True)
class MailServer:
    """A running server: its port, and what it took and refused."""

    port: int
    record: Path

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = self.record.read_text("utf-8").splitlines() if self.record.exists() else []
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """(recipient, mail) in the order of arrival."""
        taken = self.events("taken")
        return [
            (event["recipient"], email.message_from_bytes(event["content"].encode("latin-1"), policy=default))
            for event in taken
        ]


@contextmanager
def mail_server(record: Path, **script: Any) -> Iterator[MailServer]:
    """The server, for as long as the block lasts."""
    given = json.dumps({"record": str(record), **script})
    process = subprocess.Popen([sys.executable, __file__, given], stdout=subprocess.PIPE, text=True)
    try:
        yield MailServer(int(process.stdout.readline()), record)
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
