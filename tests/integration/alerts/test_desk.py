"""`cvp alerts` as a person uses it: what is listed, what can be said, and what a refusal says to do instead."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from rich.console import Console
from typer.testing import CliRunner

from pipelines.alert import desk, outbox
from pipelines.alert.words import causes
from pipelines.cli import app, render
from pipelines.settings import get_settings
from tests.integration.alerts.nights import OPS, D, customer, night, query

ONE_DAY = timedelta(days=1)
LI = ("--by", "Li Wei")


@pytest.fixture
def cvp(company, module_warehouse):
    """Run `cvp` on the warehouse of the tests; its exit code and its words, on one line."""

    def run(*arguments: str) -> tuple[int, str]:
        get_settings.cache_clear()
        variables = {"CVP_WAREHOUSE_DATABASE": module_warehouse.settings.warehouse_database, "COLUMNS": "200"}
        try:
            done = CliRunner().invoke(app, list(arguments), env=variables)
        finally:
            get_settings.cache_clear()
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, " ".join(done.output.split())

    return run


def number_of(company, name: str) -> str:
    return str(query(company.engine, "select alert_id from control.churn_alert where customer_id = :c", c=name)[0][0])


def mailed(company, as_of) -> set[str]:
    rows = query(
        company.engine,
        "select customer_id from control.alert_notice join control.churn_alert using (alert_id)"
        " where recipient = :ops and told_on = :night",
        ops=OPS, night=as_of,
    )  # fmt: skip
    return {name for (name,) in rows}


def test_open_alerts_are_listed_by_margin_and_closed_ones_when_asked_for(company, cvp):
    assert cvp("alerts", "list") == (0, "no alert")
    night(company.engine, company.settings, D, customer("small", margin=5), customer("large", margin=4_200_000))
    code, words = cvp("alerts", "list")
    assert code == 0
    assert words.index("name of large") < words.index("name of small")
    assert "4,200,000" in words
    for back in range(1, 8):
        night(company.engine, company.settings, D + back * ONE_DAY, customer("large", level="low"), customer("small"))
    assert "large" not in cvp("alerts", "list")[1]
    assert "closed 2026-07-07: calm" in cvp("alerts", "list", "--all", "--customer", "large")[1]


def test_a_true_cause_is_recorded_corrected_and_published_at_once_of_a_closed_alert_too(company, cvp):
    night(company.engine, company.settings, D, customer("c1"))
    number = number_of(company, "c1")
    code, words = cvp("alerts", "acknowledge", number, "--cause", "competitor_gain", *LI)
    assert (code, words) == (0, f"alert {number} (name of c1): true cause competitor_gain, by Li Wei")
    assert "true cause competitor_gain (Li Wei)" in cvp("alerts", "list")[1]
    night(company.engine, company.settings, D + ONE_DAY, customer("c2", level="low"))  # c1 is gone: its alert closes
    code, words = cvp("alerts", "acknowledge", number, "--cause", "false_alarm", "--by", "Wang")
    assert "(before: competitor_gain, by Li Wei); it closed on 2026-07-01" in words
    published = "select true_cause, acknowledged_by from published.churn_alert"
    assert query(company.engine, published) == [("false_alarm", "Wang")]


def test_the_causes_are_the_six_of_the_method_and_that_it_was_none_of_them():
    assert causes() == [
        "manager_changed", "competitor_gain", "contact_lapsed", "promises_broken", "customer_contracts",
        "complaint_unresolved", "false_alarm", "other",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("acknowledge", "{number}", "--cause", "rhythm_broken", *LI), "write one of manager_changed, competitor_gain"),
        (("acknowledge", "{number}", "--cause", "competitor_gain", "--by", " "), "--by"),
        (("acknowledge", "999999", "--cause", "other", *LI), "cvp alerts list --all"),
        (("mute", "c1", "--until", "tomorrow", *LI, "--reason", "talks"), "2026-12-31"),
        (
            ("mute", "c1", "--until", "2026-06-30", *LI, "--reason", "talks"),
            "write a later day, or `cvp alerts unmute c1`",
        ),
        (("mute", "c9", "--until", "2026-07-31", *LI, "--reason", "talks"), "cvp alerts list"),
        (("mute", "c1", "--until", "2026-07-31", *LI, "--reason", ""), "--reason"),
        (("unmute", "c1", *LI), "c1 is not muted"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_what_can(company, cvp, arguments, cure):
    night(company.engine, company.settings, D, customer("c1"))
    number = number_of(company, "c1")
    code, words = cvp("alerts", *(argument.format(number=number) for argument in arguments))
    assert code == 2
    assert cure in words
    assert query(company.engine, "select true_cause from control.churn_alert") == [(None,)]
    assert query(company.engine, "select count(*) from control.alert_mute") == [(0,)]


def test_a_mute_ends_on_its_day_and_the_last_word_about_a_customer_holds(company, cvp):
    night(company.engine, company.settings, D - ONE_DAY, *(customer(name, level="low") for name in ("c1", "c2")))
    assert cvp("alerts", "mute", "c1", "--until", "2036-07-01", *LI, "--reason", "talks")[0] == 0
    assert cvp("alerts", "mute", "c1", "--until", "2026-06-30", *LI, "--reason", "2026 was meant")[0] == 0
    assert cvp("alerts", "mute", "c2", "--until", "2026-07-31", *LI, "--reason", "talks")[0] == 0
    night(company.engine, company.settings, D, customer("c1"), customer("c2"))
    assert mailed(company, D) == set()
    assert cvp("alerts", "list")[1].count("muted until") == 1
    code, words = cvp("alerts", "unmute", "c2", *LI)
    assert (code, words) == (0, "mails speak of c2 again (it was muted until 2026-07-31)")
    assert "muted until" not in cvp("alerts", "list")[1]
    night(company.engine, company.settings, D + ONE_DAY, customer("c1"), customer("c2"))
    assert mailed(company, D + ONE_DAY) == {"c1", "c2"}


def test_the_outbox_report_names_mails_that_wait_too_long_were_refused_or_may_have_come_twice(company):
    night(company.engine, company.settings, D, customer("c1"))
    with company.engine.begin() as connection:
        waiting, refused, doubled = outbox.pending(connection)
        connection.execute(
            sa.text("update control.mail_outbox set created_at = created_at - interval '7 hours' where mail_key = :k"),
            {"k": waiting},
        )
        outbox.claim(connection, refused)
        outbox.note_dead(connection, refused, "550 no such mailbox")
        outbox.claim(connection, doubled)
        outbox.note_given(connection, doubled)  # and died without a word
        outbox.claim(connection, doubled)
        outbox.note_sent(connection, doubled)
    console = Console(file=io.StringIO(), width=200)
    with company.engine.connect() as connection:
        render.mails(console, desk.mail_state(connection, company.settings))
    words = " ".join(console.file.getvalue().split())
    assert "mails: 1 sent, 1 waiting, 1 refused, 1 possibly doubled" in words
    address = dict(query(company.engine, "select mail_key, recipient from control.mail_outbox"))
    assert f"digest of 2026-06-30 to {address[waiting]}, 0 attempts: not tried yet" in words
    assert f"digest of 2026-06-30 to {address[refused]}, 1 attempt: 550 no such mailbox" in words
