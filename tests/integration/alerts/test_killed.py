"""Killed at any instant between the publication and the last mail, and run again: each alert reaches everybody once."""

from __future__ import annotations

from tests.integration.alerts.kill_mails import kill_mails

SEEDS = range(6)


def test_no_mail_is_lost_and_none_is_doubled_but_with_its_own_message_id(company, empty_company):
    figures = kill_mails(company.engine, company.settings, empty_company, SEEDS)
    assert figures.kills >= len(SEEDS), figures
    assert len(figures.at) > 1, figures
    assert (figures.lost, figures.doubled_outside_the_window) == (0, 0), figures
