"""Who is told of what: one mail a recipient and night, only with news, each alert once, within the budget."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alert.routing import AlertState, Notice, route
from pipelines.alert.rules import AlertRules

TUESDAY = date(2026, 6, 30)
OPS, NORTH, ANN = "ops@x.example", "north@x.example", "ann@x.example"


def rules(*recipients, budget=3, pattern=None):
    default = ({"address": OPS, "language": "en", "role": "operations"},)
    return AlertRules.model_validate(
        {
            "kinds": {
                "core_at_risk": {"trigger": "level_high", "tiers": ["core"], "mail": "at_once"},
                "important_at_risk": {"trigger": "level_high", "tiers": ["important"], "mail": "digest"},
            },
            "digest_weekday": "monday", "calm_nights_to_close": 7, "owner_budget_per_week": budget,
            "reminder_every_nights": 1, "account_manager_address": pattern, "recipients": recipients or default,
        }
    )  # fmt: skip


ANN_RULE = {"address": ANN, "language": "zh", "role": "account_manager", "account_manager_id": "A1"}


def alert(number, kind="core_at_risk", customer=None, manager="A1", department="North", margin=100, is_open=True):
    amount = None if margin is None else Decimal(margin)
    tier = "core" if kind == "core_at_risk" else "important"
    return AlertState(number, kind, customer or f"c{number}", tier, department, manager, amount, is_open)


def told(number, to=OPS, event="opened", days_ago=1):
    return Notice(number, to, event, TUESDAY - timedelta(days=days_ago))


def mails(alerts, notices=(), muted=(), written=(), given_rules=None, as_of=TUESDAY):
    found = route(as_of, alerts, notices, muted, written, given_rules or rules())
    return {digest.recipient.address: digest for digest in found}


def test_new_alerts_come_first_by_margin_at_stake_and_unknown_margins_last():
    loss = alert(5, margin=-5)
    found = mails([alert(1, margin=5), alert(2, margin=None), alert(3, margin=50), alert(4, "important_at_risk"), loss])
    assert found[OPS].new == (3, 1, 5, 2, 4)


def test_what_is_only_still_open_brings_no_mail():
    assert mails([alert(1)], [told(1)]) == {}


def test_news_bring_what_is_still_open_along():
    digest = mails([alert(1), alert(2)], [told(1)])[OPS]
    assert (digest.new, digest.still, digest.closed) == ((2,), (1,), ())


def test_a_closing_is_told_once_and_only_to_whom_the_opening_was():
    closed = alert(1, is_open=False)
    assert mails([closed], [told(1)])[OPS].closed == (1,)
    assert mails([closed], [told(1), told(1, event="closed")]) == {}
    assert mails([closed]) == {}


@pytest.mark.parametrize(("weekday", "is_mailed"), [(0, True), (1, False), (6, False)])
def test_a_digest_kind_waits_for_the_digest_weekday(weekday, is_mailed):
    as_of = date(2026, 6, 29) + timedelta(days=weekday)
    assert (OPS in mails([alert(1, "important_at_risk")], as_of=as_of)) is is_mailed


def test_a_digest_kind_rides_along_with_a_mail_that_goes_anyway():
    assert mails([alert(1, "important_at_risk"), alert(2)])[OPS].new == (2, 1)


def test_an_account_manager_gets_the_own_customers_and_loses_those_handed_over():
    given_rules = rules(ANN_RULE)
    found = mails([alert(1), alert(2, manager="B2"), alert(3, manager=None)], given_rules=given_rules)
    assert found[ANN].new == (1,)
    handed_over = [alert(1, manager="B2"), alert(4)]
    assert mails(handed_over, [told(1, ANN)], given_rules=given_rules)[ANN].still == ()


def test_a_department_gets_its_customers_and_filters_narrow_what_one_gets():
    north = {"address": NORTH, "language": "en", "role": "department", "sales_department": "North"}
    alerts = [alert(1), alert(2, department="South"), alert(3, margin=7), alert(4, "important_at_risk")]
    assert mails(alerts, given_rules=rules(north))[NORTH].new == (1, 3, 4)
    assert mails(alerts, given_rules=rules(north | {"margin_at_least": 100}))[NORTH].new == (1, 4)
    assert mails(alerts, given_rules=rules(north | {"kinds": ["core_at_risk"]}))[NORTH].new == (1, 3)
    assert mails(alerts, given_rules=rules(north | {"tiers": ["core"]}))[NORTH].new == (1, 3)


def test_the_budget_of_a_week_admits_the_most_margin_and_lets_the_rest_wait():
    given_rules = rules(ANN_RULE, budget=3)
    alerts = [alert(number, margin=number) for number in range(1, 6)]
    assert mails(alerts, given_rules=given_rules)[ANN].new == (5, 4, 3)
    assert mails(alerts, given_rules=given_rules)[ANN].held == 2
    spent = [told(5, ANN, days_ago=6), told(4, ANN, days_ago=1)]
    assert mails(alerts, spent, given_rules=given_rules)[ANN].new == (3,)
    a_week_ago = [told(5, ANN, days_ago=7), told(4, ANN, days_ago=7), told(3, ANN, days_ago=8)]
    assert mails(alerts, a_week_ago, given_rules=given_rules)[ANN].new == (2, 1)
    used_up = [*spent, told(3, ANN, days_ago=2)]
    assert mails(alerts, used_up, given_rules=given_rules) == {}
    tonight = [*spent, told(3, ANN, days_ago=0)]
    assert mails(alerts, tonight, given_rules=given_rules) == {}
    # the budget was made smaller than what is spent
    assert mails(alerts, used_up, given_rules=rules(ANN_RULE, budget=2)) == {}


def test_a_closing_costs_no_budget():
    given_rules = rules(ANN_RULE, budget=3)
    closed = [alert(number, is_open=False) for number in range(10, 13)]
    known = [told(number, ANN, days_ago=30) for number in range(10, 13)]
    over = [told(number, ANN, "closed") for number in range(10, 13)]
    assert mails([alert(1), *closed], [*known, *over], given_rules=given_rules)[ANN].new == (1,)


def test_operations_have_no_budget():
    assert len(mails([alert(number) for number in range(1, 30)])[OPS].new) == 29


def test_a_muted_customer_is_spoken_of_when_the_mute_is_over():
    assert mails([alert(1)], muted={"c1"}) == {}
    assert mails([alert(1)])[OPS].new == (1,)


def test_who_has_the_nights_mail_gets_no_second_one():
    assert mails([alert(1)], written={OPS}) == {}


def test_every_account_manager_has_a_mailbox_where_the_rules_give_a_pattern():
    given_rules = rules(ANN_RULE, pattern="{account_manager_id}@steel.example")
    alerts = [alert(1), alert(2, manager="B2"), alert(3, manager="x, evil@x.example"), alert(4, manager="a\r\nb")]
    assert set(mails(alerts, given_rules=given_rules)) == {ANN, "B2@steel.example"}


def test_a_listed_mailbox_keeps_its_role_where_the_pattern_gives_the_same_one():
    boss = {"address": "A1@steel.example", "language": "en", "role": "operations"}
    given_rules = rules(boss, pattern="{account_manager_id}@steel.example", budget=1)
    assert mails([alert(1), alert(2, manager="B2")], given_rules=given_rules)["A1@steel.example"].new == (1, 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["core_at_risk", "important_at_risk"]), st.sampled_from(["A1", "B2"]), st.booleans(),
            st.none() | st.integers(0, 99), st.integers(0, 9), st.integers(0, 9),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_night_after_night_nobody_is_told_of_an_alert_twice_and_operations_of_all(drawn, dice):
    """Ten nights of random openings, closings and mutes: each opening is in exactly one mail of operations."""
    given_rules = rules(ANN_RULE, {"address": OPS, "language": "en", "role": "operations"}, budget=2)
    notices: list[Notice] = []
    for night in range(10):
        as_of = TUESDAY + timedelta(days=night)
        alerts = [
            alert(number, kind, manager=manager, margin=margin, is_open=not (closes and night > opens))
            for number, (kind, manager, closes, margin, _, opens) in enumerate(drawn)
            if opens <= night
        ]
        # a customer is muted up to its night, and nobody on the last two
        muted = {f"c{number}" for number, row in enumerate(drawn) if night < min(row[4], 8)}
        found = route(as_of, alerts, notices, muted, (), given_rules)
        disorder = [dice.sample(rows, len(rows)) for rows in (alerts, notices)]
        assert route(as_of, *disorder, muted, (), given_rules) == found
        for digest in found:
            assert digest.new or digest.closed
            assert not muted & {f"c{number}" for number in digest.new + digest.closed + digest.still}
            if digest.recipient.address == ANN:
                assert all(drawn[number][1] == "A1" for number in digest.new + digest.still)
            for event, numbers in (("opened", digest.new), ("closed", digest.closed)):
                notices += [Notice(number, digest.recipient.address, event, as_of) for number in numbers]
    keys = [(notice.alert_id, notice.recipient, notice.event) for notice in notices]
    assert len(keys) == len(set(keys))
    in_week = [notice for notice in notices if notice.recipient == ANN and notice.event == "opened"]
    for notice in in_week:
        window = [n for n in in_week if 0 <= (notice.told_on - n.told_on).days < 7]
        assert len(window) <= 2
    at_once = {
        number
        for number, (kind, _, closes, _, mute, opens) in enumerate(drawn)
        if kind == "core_at_risk" and (not closes or opens >= min(mute, 8))  # not over before the mute is
    }
    assert at_once <= {notice.alert_id for notice in notices if notice.recipient == OPS}
