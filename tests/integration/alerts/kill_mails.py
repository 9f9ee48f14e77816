"""Killing (kill -9) the process at any line between the publication's begin and the last mail, and running again.

A child process publishes a night with its alerts and sends the mails to a real server; at the n-th line that it runs of
the files that write, send and note mails it is killed. Another child runs again, is perhaps killed too, and at last one
is left alone. What the server took then tells: how many alerts a recipient never heard of, how many it heard of twice.

    python -m tests.integration.alerts.kill_mails --seeds 300

does so on a database of its own on the embedded server; `test_killed.py` plays a few seeds.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import re
import signal
import smtplib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa

from pipelines.alert import mailing, nightly, outbox, send, transport
from pipelines.publish import publication
from pipelines.settings import Settings, get_settings
from pipelines.warehouse.server import EmbeddedServer
from tests.integration.alerts.nights import D, customer, prepare, publish_prepared, query
from tests.integration.alerts.smtp_server import MailServer, mail_server

TRACED = {
    module.__file__: Path(module.__file__).stem
    for module in (publication, nightly, outbox, send, mailing, transport, smtplib)
}
KILLS_IN_A_ROW = 3
NIGHTS = 2


@dataclass
class Figures:
    """What all seeds came to."""

    runs: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    doubled_outside_the_window: int = 0
    at: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        in_file: Counter[str] = Counter()
        for place, count in self.at.items():
            in_file[place.partition(":")[0]] += count
        files = ", ".join(f"{name} {count}" for name, count in in_file.most_common())
        return (
            f"{self.runs} nights, {self.kills} kills at {len(self.at)} lines ({files}): {self.lost} mails lost,"
            f" {self.doubled} doubled with the same Message-ID, {self.doubled_outside_the_window} doubled otherwise"
        )


def _killer(after_lines: int, told: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills its process at the n-th line of the traced files; the line goes to `told`."""
    left = [after_lines]

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                os.write(told, f"{TRACED[frame.f_code.co_filename]}:{frame.f_lineno}".encode())
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename in TRACED else None

    return call


def _at_line(number: int) -> Callable[[int], object]:
    """A plan to die at the n-th line of the traced files, and to tell at which."""
    return lambda told: sys.settrace(_killer(number, told))


def run_killed(work: Callable[[], object], plan: Callable[[int], object] | None) -> str | None:
    """Do the work in a child; what it wrote to the descriptor given to `plan` before it was killed, or None at its end.

    Args:
        plan: called in the child, it arranges the kill; None leaves the child alone.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        # What waits to be collected may have threads, as an extraction's engine has: here there are none to end.
        gc.disable()
        try:
            if plan is not None:
                plan(write)
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - the child must not come back into the test
            os.write(write, repr(error).encode())
            os._exit(1)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with os.fdopen(read, "rb") as told:
        words = told.read().decode()
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, words
    return words if os.WIFSIGNALED(status) else None


def play(engine: sa.Engine, settings: Settings, server: MailServer, seed: int, figures: Figures) -> None:
    """Two nights, killed as the seed has it; what arrived is added to the figures."""
    dice = random.Random(seed)
    names = [f"s{seed}c{number}" for number in range(dice.randint(1, 4))]
    for night in range(NIGHTS):
        rows = [customer(name, manager=dice.choice(["E1", "E2"])) for name in names[: night * 4 + 2]]
        as_of = D + timedelta(days=night)
        run_id = prepare(engine, as_of, rows, f"-{seed}")
        engine.dispose()  # a child must not inherit an open connection

        def work(run_id: str = run_id) -> None:
            with engine.connect() as connection:
                status = connection.scalar(sa.text("select status from control.run where run_id = :id"), {"id": run_id})
            # what a person or the next night does: the night again, or only the mails
            if status != "published" or dice.random() < 0.5:
                publish_prepared(engine, settings, run_id)
            report = send.send_outbox(engine, settings, mailing.transport(settings), lambda seconds: None)
            assert report.is_complete, report

        for _ in range(dice.randint(1, KILLS_IN_A_ROW)):
            killed_at = run_killed(work, _at_line(dice.randint(1, 1500)))
            if killed_at:
                figures.kills += 1
                figures.at[killed_at] += 1
            dice.random()
        assert run_killed(work, None) is None
        figures.runs += 1
    _judge(engine, server, f"s{seed}c", figures)


def _judge(engine: sa.Engine, server: MailServer, prefix: str, figures: Figures) -> None:
    """Compare what the server took with the alerts that everybody had to hear of."""
    number_of = dict(query(engine, "select customer_id, alert_id from control.churn_alert"))
    due = {
        (recipient, alert_id)
        for recipient, alert_id in query(engine, "select recipient, alert_id from control.alert_notice")
    }
    expected = {(to, number) for to, number in due if number in number_of.values()}
    heard: dict[tuple[str, int], list[str]] = {}
    for recipient, mail in server.mails():
        text = mail.get_body(preferencelist=("plain",)).get_content()
        new = re.split(r"== (?:Still open|仍未关闭|Closed|已关闭) ==", text)[0]
        if prefix not in text:
            continue
        for number in re.findall(r"(?:Alert|预警) (\d+)", new):
            heard.setdefault((recipient, int(number)), []).append(mail["Message-ID"])
    operations = {(to, number) for to, number in heard if to.startswith("operations")}
    assert {number for _, number in operations} == set(number_of.values()), "operations heard of every alert"
    figures.lost += len(expected - set(heard))
    for ids in heard.values():
        figures.doubled += len(ids) > 1 and len(set(ids)) == 1
        figures.doubled_outside_the_window += len(set(ids)) > 1


def kill_mails(engine: sa.Engine, settings: Settings, forget: Callable[[], None], seeds: range) -> Figures:
    """Play every seed on an emptied warehouse; `forget` empties it."""
    figures = Figures()
    for seed in seeds:
        forget()
        with (
            tempfile.TemporaryDirectory() as folder,
            mail_server(Path(folder) / "arrived.jsonl") as server,
        ):
            url = f"smtp://localhost:{server.port}?starttls=off"
            changed = {"mail_transport": "smtp", "smtp_url": url}
            play(engine, settings.model_copy(update=changed), server, seed, figures)
    return figures


def main() -> None:
    """Many seeds, from the command line."""
    from tests.conftest import make_warehouse
    from tests.integration.alerts.conftest import empty
    from tests.integration.alerts.nights import write_rules

    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1000)
    chosen = parser.parse_args()
    server = EmbeddedServer(get_settings().home)
    server.start()
    with tempfile.TemporaryDirectory() as folder, contextmanager(make_warehouse)(server) as warehouse:
        settings = warehouse.settings.model_copy(
            update={"alert_rules": write_rules(Path(folder)), "home": Path(folder), "mail_timeout_seconds": 5}
        )
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        figures = kill_mails(warehouse.engine, settings, lambda: empty(warehouse.engine), seeds)
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()
