"""Alerts and outbox of real publications: once, again, of a past date, and as people act on them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipelines import alert, publish
from pipelines.alert import desk
from tests.integration.alerts.nights import DIRECTOR, OPS, D, customer, night, prepare, publish_prepared, query

ONE_DAY = timedelta(days=1)


def alerts(company) -> list[tuple]:
    return query(
        company.engine,
        "select customer_id, kind, opened_on, closed_on, close_reason from published.churn_alert order by alert_id",
    )


def mails(company) -> list[tuple]:
    return query(company.engine, "select as_of_date, recipient, status from control.mail_outbox order by 1, 2")


def told(company, of_night=D) -> dict[str, set[tuple[str, str]]]:
    rows = query(
        company.engine,
        "select recipient, customer_id, event from control.alert_notice join control.churn_alert using (alert_id)"
        " where told_on = :night",
        night=of_night,
    )
    return {recipient: {(c, e) for r, c, e in rows if r == recipient} for recipient, _, _ in rows}


def send(company):
    return alert.send_mails(company.engine, company.settings)


def test_a_night_opens_its_alerts_and_writes_one_mail_a_recipient(company):
    night(
        company.engine, company.settings, D, customer("c1"), customer("c2", manager="E2"), customer("c3", level="low")
    )
    assert alerts(company) == [("c1", "core_at_risk", D, None, None), ("c2", "core_at_risk", D, None, None)]
    assert [recipient for _, recipient, _ in mails(company)] == ["E1@steel.example", "E2@steel.example", OPS, DIRECTOR]
    assert told(company)[OPS] == {("c1", "opened"), ("c2", "opened")}
    assert told(company)["E1@steel.example"] == {("c1", "opened")}


def test_nobody_at_risk_no_mail(company):
    night(company.engine, company.settings, D, customer("c1", level="low"), customer("c2", "general"))
    assert (alerts(company), mails(company)) == ([], [])


def test_the_same_night_again_opens_and_mails_nothing_twice(company):
    rows = [customer("c1"), customer("c2", "important")]
    night(company.engine, company.settings, D, *rows)
    first = alerts(company), mails(company), told(company)
    for number in range(2):
        night(company.engine, company.settings, D, *rows, run=f"-{number}")
        assert (alerts(company), mails(company), told(company)) == first
    assert len(send(company).sent) == 3
    night(company.engine, company.settings, D, *rows, run="-sent")
    assert alerts(company) == first[0]
    assert {status for _, _, status in mails(company)} == {"sent"}
    assert not send(company).sent


def test_the_night_again_with_other_data_withdraws_what_nobody_was_told_and_tells_the_rest_next_night(company):
    night(company.engine, company.settings, D, customer("c1"), customer("c2", level="low"))
    night(company.engine, company.settings, D, customer("c1", level="low"), customer("c2"), run="-again")
    assert alerts(company) == [("c2", "core_at_risk", D, None, None)]
    send(company)
    night(company.engine, company.settings, D, customer("c1"), customer("c2"), run="-late rows")
    assert [row[0] for row in alerts(company)] == ["c2", "c1"]
    assert not send(company).sent
    tomorrow = D + ONE_DAY
    night(company.engine, company.settings, tomorrow, customer("c1"), customer("c2"))
    assert told(company, tomorrow)[OPS] == {("c1", "opened")}


def test_a_past_night_again_disturbs_nothing(company):
    for back, level in ((2, "high"), (1, "high"), (0, "low")):
        night(company.engine, company.settings, D - back * ONE_DAY, customer("c1", level=level), customer("c2"))
    before = alerts(company), mails(company), query(company.engine, "select * from published.churn_alert order by 1")
    night(
        company.engine, company.settings, D - ONE_DAY, customer("c1", "general", "low"), customer("c2", level="low"),
        customer("c3"), run="-again",
    )  # fmt: skip
    assert (alerts(company), mails(company)) == before[:2]
    assert query(company.engine, "select * from published.churn_alert order by 1") == before[2]


def test_an_alert_closes_after_seven_calm_nights_and_that_is_told(company):
    night(company.engine, company.settings, D, customer("c1"))
    for number in range(1, 8):
        assert alerts(company)[0][3] is None
        night(company.engine, company.settings, D + number * ONE_DAY, customer("c1", level="low"))
    closing = D + 7 * ONE_DAY
    assert alerts(company) == [("c1", "core_at_risk", D, closing, "calm")]
    assert told(company, closing)[OPS] == {("c1", "closed")}
    night(company.engine, company.settings, closing, customer("c1", level="low"), run="-again")
    assert alerts(company) == [("c1", "core_at_risk", D, closing, "calm")]
    night(company.engine, company.settings, closing + ONE_DAY, customer("c1"))
    assert [row[3] for row in alerts(company)] == [closing, None]


def test_a_lost_tier_is_told_and_closes_when_it_is_back(company):
    night(company.engine, company.settings, D, customer("c1", level="low", margin=900))
    fallen = customer("c1", "important", "low", margin=300)
    night(company.engine, company.settings, D + ONE_DAY, fallen)
    night(company.engine, company.settings, D + 2 * ONE_DAY, fallen)
    night(company.engine, company.settings, D + 3 * ONE_DAY, customer("c1", level="low"))
    assert alerts(company) == [("c1", "core_tier_lost", D + ONE_DAY, D + 3 * ONE_DAY, "tier_back")]
    assert query(company.engine, "select margin_at_stake from published.churn_alert") == [(900,)]


def test_a_replay_tells_what_is_open_on_its_last_date_once(company):
    night(company.engine, company.settings, D, customer("c1"), is_told=False)
    assert mails(company) == []
    night(company.engine, company.settings, D + ONE_DAY, customer("c1"), customer("c2"))
    assert told(company, D + ONE_DAY)[OPS] == {("c1", "opened"), ("c2", "opened")}


def test_a_publication_that_fails_leaves_neither_alert_nor_mail(company):
    night(company.engine, company.settings, D - ONE_DAY, customer("c1", level="low"))
    run_id = prepare(company.engine, D, [customer("c1")])

    def alerts_and_then_a_fault(connection, as_of):
        alert.write_alerts(connection, company.settings, as_of)
        raise RuntimeError("no disk")

    with pytest.raises(RuntimeError):
        publish.publish_night(company.engine, run_id, alerts_and_then_a_fault)
    assert (alerts(company), mails(company)) == ([], [])


def test_an_acknowledged_alert_keeps_its_cause_and_opens_no_second(company):
    night(company.engine, company.settings, D, customer("c1"))
    number = query(company.engine, "select alert_id from published.churn_alert")[0][0]
    with company.engine.begin() as connection:
        desk.acknowledge(connection, number, "competitor_gain", "Li Wei")
    night(company.engine, company.settings, D + ONE_DAY, customer("c1"))
    found = query(company.engine, "select true_cause, acknowledged_by, closed_on from published.churn_alert")
    assert found == [("competitor_gain", "Li Wei", None)]


@pytest.mark.parametrize(("cause", "by", "number"), [("weather", "x", 0), ("other", " ", 0), ("other", "x", 999)])
def test_what_cannot_be_acknowledged_is_refused(company, cause, by, number):
    night(company.engine, company.settings, D, customer("c1"))
    first = query(company.engine, "select alert_id from published.churn_alert")[0][0]
    with pytest.raises(desk.DeskError), company.engine.begin() as connection:
        desk.acknowledge(connection, first + number, cause, by)


def test_a_muted_customer_is_mailed_when_the_mute_is_over(company):
    night(company.engine, company.settings, D - ONE_DAY, customer("c1", level="low"))
    with company.engine.begin() as connection:
        desk.mute(connection, "c1", D, "Li Wei", "in talks")
        with pytest.raises(desk.DeskError, match="no customer c9"):
            desk.mute(connection, "c9", D, "Li Wei", "in talks")
    night(company.engine, company.settings, D, customer("c1"))
    assert len(alerts(company)) == 1
    assert mails(company) == []
    night(company.engine, company.settings, D + ONE_DAY, customer("c1"))
    assert told(company, D + ONE_DAY)[OPS] == {("c1", "opened")}


def test_a_recipient_that_is_new_is_told_of_what_is_open(company, tmp_path):
    night(company.engine, company.settings, D, customer("c1"))
    send(company)
    newcomer = {"address": "new@steel.example", "language": "en", "role": "operations"}
    settings = company.with_rules(tmp_path, recipients=[newcomer])
    night(company.engine, settings, D, customer("c1"), run="-again")
    assert told(company)["new@steel.example"] == {("c1", "opened")}


def test_reasons_and_track_record_reach_the_mail(company):
    beside = {
        "churn_reason": [
            "'c1', 'volume_falling', 2, 'Half of it', '一半'",
            "'c1', 'complaint_unresolved', 1, '4 open', '4 起'",
        ],
        "churn_track_record": ["'high', 'core', 120, 90, 40, 27", "'low', 'core', 900, 9, 300, 9"],
    }
    publish_prepared(company.engine, company.settings, prepare(company.engine, D, [customer("c1")], beside=beside))
    send(company)
    page = (company.settings.home / "mail" / str(D) / f"digest-{OPS}.html").read_text("utf-8")
    assert page.index("4 open") < page.index("Half of it")
    assert "Of 40 core customers at high risk before, 27 bought nothing in the 180 days that followed" in page
