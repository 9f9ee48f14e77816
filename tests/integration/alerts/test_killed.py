"""Killed at any instant between the publication and the last mail, and run again: each alert reaches everybody once."""

from __future__ import annotations

import gc
import smtplib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.alert import mailing, send
from pipelines.settings import Settings
from tests.integration.alerts.kill_mails import kill_mails, run_killed
from tests.integration.alerts.kill_steps import STEPS, Step
from tests.integration.alerts.nights import DIRECTOR, OPS, D, customer, prepare, publish_prepared, query
from tests.integration.alerts.smtp_server import MailServer, mail_server

SEEDS = range(6)
EVERYBODY = ["E1@steel.example", OPS, DIRECTOR]


@pytest.fixture(scope="module", autouse=True)
def nothing_left_to_end() -> None:
    """What earlier tests left to be collected is ended here, where its threads are: a child would wait for them."""
    gc.collect()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory) -> Iterator[MailServer]:
    with mail_server(tmp_path_factory.mktemp("mails") / "arrived.jsonl") as running:
        yield running


def over_smtp(company, mailbox: MailServer) -> Settings:
    url = f"smtp://localhost:{mailbox.port}?starttls=off"
    return company.settings.model_copy(update={"mail_transport": "smtp", "smtp_url": url})


def do_the_rest_of_the_night(engine: sa.Engine, settings: Settings, run_id: str) -> None:
    """What the night's tasks do, and do again: publish where it is not published, send what waits."""
    with engine.connect() as connection:
        status = connection.scalar(sa.text("select status from control.run where run_id = :id"), {"id": run_id})
    if status != "published":
        publish_prepared(engine, settings, run_id)
    report = send.send_outbox(engine, settings, mailing.transport(settings), lambda seconds: None)
    assert report.is_complete, report


def arrived_of(mailbox: MailServer, ids: set[str]) -> Counter[str]:
    """recipient -> copies, of the mails with these Message-IDs."""
    return Counter(recipient for recipient, mail in mailbox.mails() if mail["Message-ID"] in ids)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_killed_at_a_step_and_run_again_everybody_hears_of_the_alert_once(
    company, empty_company, mailbox, note_fault, step: Step
):
    settings, lost, doubled = over_smtp(company, mailbox), 0, 0
    for number in range(1, step.times + 1):
        empty_company()
        run_id = prepare(company.engine, D, [customer("c1")])
        company.engine.dispose()  # a child must not inherit an open connection

        def work(run_id: str = run_id) -> None:
            do_the_rest_of_the_night(company.engine, settings, run_id)

        assert run_killed(work, lambda told, number=number: step.kill(number, mailbox.record)) is not None
        assert run_killed(work, None) is None
        columns = "recipient, message_id, possible_duplicates, status"
        mails = query(company.engine, f"select {columns} from control.mail_outbox")
        assert sorted(row[0] for row in mails) == sorted(EVERYBODY)
        assert {row[3] for row in mails} == {"sent"}
        copies = arrived_of(mailbox, {row[1] for row in mails})
        lost += len(set(EVERYBODY) - set(copies))
        doubled += sum(count - 1 for count in copies.values())
        suspected = {recipient for recipient, _, possible, _ in mails if possible}
        assert {recipient for recipient, count in copies.items() if count > 1} <= suspected
        assert len(suspected) == step.is_given, suspected
    note_fault("F15", f"mails, kill -9: {step.name}", step.times, step.times - lost, lost, doubled)
    assert lost == 0
    # one copy more of the one mail in hand, with its own Message-ID; never of another
    assert doubled == (step.times if step.may_repeat else 0)


def test_killed_at_any_line_no_mail_is_lost_and_none_is_doubled_but_with_its_own_message_id(
    company, empty_company, note_fault
):
    figures = kill_mails(company.engine, company.settings, empty_company, SEEDS)
    outside = figures.doubled_outside_the_window
    doubled = figures.doubled + outside
    fault = f"mails, kill -9 at any line ({figures.runs} nights)"
    note_fault("F15", fault, figures.kills, figures.kills - figures.lost - outside, figures.lost, doubled)
    assert figures.kills >= len(SEEDS), figures
    assert len(figures.at) > 1, figures
    assert (figures.lost, outside) == (0, 0), figures


def mail_in_the_task(port: int) -> None:
    """What a task does that sends its mails itself and is simply run again."""
    with smtplib.SMTP("localhost", port) as client:
        for recipient in EVERYBODY:
            client.sendmail("cvp@steel.example", [recipient], f"Subject: baseline\r\nTo: {recipient}\r\n\r\nc1 at risk")


def test_what_the_outbox_is_for_mails_sent_in_the_task_are_doubled(tmp_path: Path, note_fault):
    step = next(step for step in STEPS if step.name == "after RCPT TO")
    with mail_server(tmp_path / "arrived.jsonl") as server:
        for number in (1, 2, 3):
            killed = run_killed(
                lambda: mail_in_the_task(server.port), lambda told, number=number: step.kill(number, server.record)
            )
            assert killed is not None
            assert run_killed(lambda: mail_in_the_task(server.port), None) is None
        copies = Counter(recipient for recipient, _ in server.mails())
    doubled = sum(copies.values()) - 3 * len(EVERYBODY)
    note_fault("F15", "baseline: mail in the task, killed after RCPT TO", 3, 1, 0, doubled)
    assert doubled == 3
