"""Killing (kill -9) the process at each named step from the publication's transaction to the last mail.

A child process does the night's work and kills itself when it passes a step for the n-th time; another child does the
work again and is left alone. `test_killed.py` counts what a real server took.
"""

from __future__ import annotations

import os
import signal
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.alert import mailing, nightly, outbox, send
from pipelines.publish import publication

END_OF_MAIL = b"\r\n.\r\n"
TAKEN_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Step:
    """A place to die at: `times` it is passed in a night of three mails.

    `is_given`: the server is being given the text, so that the outbox has to suspect a second copy afterwards.
    `may_repeat`: the server has the mail and the outbox does not know it yet; the instant that no protocol closes.
    """

    name: str
    times: int
    kill: Callable[[int, Path], None]
    is_given: bool = False
    may_repeat: bool = False


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hook(owner: Any, name: str, *, after: bool) -> Callable[[int, Path], None]:
    """Die before or after the n-th call of `owner.name`."""

    def install(number: int, _record: Path) -> None:
        original, calls = getattr(owner, name), [0]

        def hooked(*arguments: Any, **options: Any) -> Any:
            calls[0] += 1
            if calls[0] == number and not after:
                _die()
            result = original(*arguments, **options)
            if calls[0] == number and after:
                _die()
            return result

        setattr(owner, name, hooked)

    return install


def before(owner: Any, name: str) -> Callable[[int, Path], None]:
    return _hook(owner, name, after=False)


def after(owner: Any, name: str) -> Callable[[int, Path], None]:
    return _hook(owner, name, after=True)


def within_the_mail(share: float) -> Callable[[int, Path], None]:
    """Die when this share of the n-th mail's bytes is on its way; with all of them, once the server has the mail."""

    def install(number: int, record: Path) -> None:
        original, mails = smtplib.SMTP.send, [0]

        def send_part(client: smtplib.SMTP, text: Any) -> None:
            if not (isinstance(text, bytes) and text.endswith(END_OF_MAIL)):
                original(client, text)
                return
            mails[0] += 1
            if mails[0] != number:
                original(client, text)
                return
            taken = _lines(record)
            if share:
                original(client, text[: int(len(text) * share)])
            deadline = time.monotonic() + TAKEN_WITHIN_SECONDS
            while share == 1 and _lines(record) == taken and time.monotonic() < deadline:
                time.sleep(0.01)
            _die()

        smtplib.SMTP.send = send_part  # type: ignore[method-assign]

    return install


def _lines(record: Path) -> int:
    return record.read_bytes().count(b"\n") if record.exists() else 0


STEPS = (
    Step("publication: alerts decided, no mail written", 1, before(nightly, "_write_digests")),
    Step("publication: between two mails written", 3, after(outbox, "write")),
    Step("publication: all written, before its end", 1, before(publication, "_mark_published")),
    Step("published, nothing sent", 1, after(publication, "_publish")),
    Step("before the connection", 1, before(mailing, "open_by_url")),
    Step("before a mail is claimed (between recipients)", 3, before(outbox, "claim")),
    Step("claimed, not given", 3, before(send, "build_message")),
    Step("after MAIL FROM", 3, after(smtplib.SMTP, "mail")),
    Step("after RCPT TO", 3, after(smtplib.SMTP, "rcpt")),
    Step("after DATA, before the text", 3, within_the_mail(0), is_given=True),
    Step("half of the text sent", 3, within_the_mail(0.5), is_given=True),
    Step("accepted, the reply not read", 3, within_the_mail(1), is_given=True, may_repeat=True),
    Step("accepted, not noted", 3, before(outbox, "note_sent"), is_given=True, may_repeat=True),
    Step("accepted, noted, before the commit", 3, after(outbox, "note_sent"), is_given=True, may_repeat=True),
    Step("all sent, before QUIT", 1, before(smtplib.SMTP, "quit")),
)
