"""Which alerts a night opens, keeps, closes and withdraws: by example, and against a machine that plays nights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipelines.alert.decide import OpenAlert, Opening, Standing, decide
from pipelines.alert.rules import AlertRules

RULES = AlertRules.model_validate(
    {
        "kinds": {
            "core_at_risk": {"trigger": "level_high", "tiers": ["core"], "mail": "at_once"},
            "core_tier_lost": {"trigger": "tier_lost", "tiers": ["core"], "mail": "at_once"},
            "important_at_risk": {"trigger": "level_high", "tiers": ["important"], "mail": "digest"},
        },
        "digest_weekday": "monday",
        "calm_nights_to_close": 7,
        "owner_budget_per_week": 3,
        "reminder_every_nights": 1,
    }
)
D = date(2026, 6, 30)
ORDER = {"core": 1, "important": 2, "general": 3}


def standing(customer="c1", tier="core", before="core", level="high", active=True, margin=100, margin_before=120):
    movement = "new" if before is None else "down" if ORDER[tier] > ORDER[before] else "same"
    if before is not None and ORDER[tier] < ORDER[before]:
        movement = "up"
    amounts = [None if amount is None else Decimal(amount) for amount in (margin, margin_before)]
    return Standing(customer, tier, before, movement, level, active, *amounts)


def open_alert(kind="core_at_risk", opened_on=D - timedelta(days=20), margin=50, is_told=True, alert_id=1):
    return OpenAlert(alert_id, kind, "c1", opened_on, None if margin is None else Decimal(margin), is_told)


def levels(*newest_first, ends=D):
    return {"c1": [(ends - timedelta(days=back), level) for back, level in enumerate(newest_first)]}


def test_a_core_customer_that_becomes_high_is_opened_with_the_higher_margin_of_the_two_nights():
    decision = decide(D, {"c1": standing()}, [], {}, RULES)
    assert decision.opened == (Opening("core_at_risk", "c1", Decimal(120)),)


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (standing(level="medium"), []),
        (standing(level=None), []),
        (standing(tier="important", before="important"), ["important_at_risk"]),
        (standing(tier="general", before="general"), []),
        (standing(tier="important", before="core", level="low"), ["core_tier_lost"]),
        (standing(tier="general", before="core"), ["core_tier_lost"]),
        (standing(tier="important", before="core"), ["core_tier_lost", "important_at_risk"]),
        (standing(tier="core", before="important", level="low"), []),
        (standing(tier="core", before=None), ["core_at_risk"]),
    ],
)
def test_what_opens(row, kinds):
    assert [opening.kind for opening in decide(D, {"c1": row}, [], {}, RULES).opened] == kinds


def test_an_open_alert_is_kept_and_nothing_opens_beside_it():
    decision = decide(D, {"c1": standing()}, [open_alert(margin=50)], levels("high"), RULES)
    assert (decision.opened, decision.closed, decision.kept) == ((), {}, {1: Decimal(100)})


def test_the_margin_at_stake_is_the_highest_since_the_alert_opened():
    decision = decide(D, {"c1": standing(margin=30)}, [open_alert(margin=50)], levels("high"), RULES)
    assert decision.kept == {1: Decimal(50)}


@pytest.mark.parametrize(
    ("tiers", "before", "now", "is_lost"),
    [
        (("core", "important"), "core", "important", False),
        (("core", "important"), "important", "general", True),
        (("important",), "important", "core", False),
        (("important",), "important", "general", True),
    ],
)
def test_a_tier_is_lost_by_falling_out_of_the_kinds_tiers_not_by_moving_within_them_or_up(tiers, before, now, is_lost):
    kind = RULES.kinds["core_tier_lost"].model_copy(update={"tiers": tiers})
    rules = RULES.model_copy(update={"kinds": {"tier_lost": kind}})
    decision = decide(D, {"c1": standing(tier=now, before=before, level="low")}, [], {}, rules)
    assert bool(decision.opened) is is_lost


def test_margins_that_are_not_known_stay_unknown():
    decision = decide(D, {"c1": standing(margin=None, margin_before=None)}, [], {}, RULES)
    assert decision.opened[0].margin_at_stake is None
    kept = decide(D, {"c1": standing(margin=None)}, [open_alert(margin=None)], levels("high"), RULES).kept
    assert kept == {1: None}


@pytest.mark.parametrize(
    ("row", "evaluated", "reason"),
    [
        (standing(level="low"), ["low"] * 7, "calm"),
        (standing(level="low"), ["low"] * 6 + ["high"], None),
        (standing(level="low"), ["low"] * 6, None),
        (standing(level="low"), ["low", "high"] + ["low"] * 9, None),
        (standing(level=None, active=False), [None] * 7, "no_longer_active"),
        (standing(tier="general", before="general", level="medium"), ["medium"] * 7, "calm"),
        (None, ["low"] * 2, "customer_gone"),
    ],
)
def test_when_an_alert_about_a_level_closes(row, evaluated, reason):
    standings = {"c1": row} if row else {}
    assert decide(D, standings, [open_alert()], levels(*evaluated), RULES).closed.get(1) == reason


def test_nights_before_the_alert_was_opened_calm_nothing():
    alert = open_alert(opened_on=D - timedelta(days=3))
    assert decide(D, {"c1": standing(level="low")}, [alert], levels(*["low"] * 9), RULES).closed == {}


def test_the_opening_night_evaluated_again_and_calm_is_the_first_calm_night():
    alert = open_alert(opened_on=D - timedelta(days=6))
    decision = decide(D, {"c1": standing(level="low")}, [alert], levels(*["low"] * 7), RULES)
    assert decision.closed == {1: "calm"}


def test_a_lost_tier_closes_when_it_is_back_and_not_before():
    alert = open_alert("core_tier_lost")
    assert decide(D, {"c1": standing(tier="core", level="low")}, [alert], {}, RULES).closed == {1: "tier_back"}
    below = standing(tier="important", before="important", level="low")
    assert decide(D, {"c1": below}, [alert], levels(*["low"] * 30), RULES).closed == {}


@pytest.mark.parametrize(("is_told", "withdrawn"), [(False, {1}), (True, set())])
def test_a_night_evaluated_again_withdraws_what_it_no_longer_finds_unless_somebody_was_told(is_told, withdrawn):
    alert = open_alert(opened_on=D, is_told=is_told)
    decision = decide(D, {"c1": standing(level="low")}, [alert], levels("low"), RULES)
    assert decision.withdrawn == withdrawn
    assert set(decision.kept) == {1} - withdrawn


def test_an_alert_of_a_kind_that_the_rules_no_longer_have_is_kept():
    decision = decide(D, {"c1": standing(level="low")}, [open_alert("old_kind")], levels(*["low"] * 9), RULES)
    assert set(decision.kept) == {1}


STANDINGS = st.dictionaries(
    st.sampled_from(["c1", "c2", "c3", "c4"]),
    st.tuples(
        st.sampled_from(list(ORDER)), st.sampled_from([None, *ORDER]), st.sampled_from(["high", "low", None]),
        st.none() | st.integers(0, 9), st.none() | st.integers(0, 9),
    ),
)  # fmt: skip
HELD = st.sets(st.tuples(st.sampled_from(["c1", "c2", "c3", "c4"]), st.sampled_from(list(RULES.kinds))))


@given(STANDINGS, HELD, st.sets(st.integers(0, 11)), st.randoms(use_true_random=False))
def test_one_decision_whatever_the_order_of_the_rows_each_alert_in_one_place_and_none_opened_beside_an_open_one(
    rows, held, told, dice
):
    standings = {
        name: standing(name, tier, before, level, True, margin, margin_before)
        for name, (tier, before, level, margin, margin_before) in rows.items()
    }
    alerts = [
        OpenAlert(number, kind, name, D - timedelta(days=number % 3 * 8), Decimal(5), number in told)
        for number, (name, kind) in enumerate(sorted(held))
    ]
    recent = {name: [(D, level)] * 8 for name, (_, _, level, _, _) in rows.items()}

    def shuffled(items):
        return dice.sample(list(items), len(items))

    first = decide(D, standings, alerts, recent, RULES)
    kinds = RULES.model_copy(update={"kinds": dict(shuffled(RULES.kinds.items()))})
    assert decide(D, dict(shuffled(standings.items())), shuffled(alerts), recent, kinds) == first
    places = [set(first.kept), set(first.closed), set(first.withdrawn)]
    assert sorted(number for place in places for number in place) == [alert.alert_id for alert in alerts]
    opened = [(opening.customer_id, opening.kind) for opening in first.opened]
    assert len(set(opened)) == len(opened)
    assert not set(opened) & held
    assert {name for name, kind in opened if kind != "core_tier_lost"} <= {
        name for name, row in standings.items() if row.churn_risk_level == "high"
    }


@dataclass
class Held:
    """An alert as the warehouse keeps it."""

    kind: str
    customer_id: str
    opened_on: date
    margin: Decimal | None
    is_told: bool = False
    closed_on: date | None = None


@dataclass
class Played:
    """One night's rows: customer -> (tier, level)."""

    day: date
    rows: dict[str, tuple[str, str | None]] = field(default_factory=dict)


CUSTOMERS = ("c1", "c2", "c3")
ROWS = st.fixed_dictionaries(
    {
        name: st.tuples(st.sampled_from(list(ORDER)), st.sampled_from(["high", "high", "low", None]))
        for name in CUSTOMERS
    }
)


class Nights(RuleBasedStateMachine):
    """Nights follow each other, are evaluated again, alike or not, and people are told."""

    @initialize()
    def begin(self):
        self.nights: list[Played] = []
        self.held: dict[int, Held] = {}
        self.number = 0
        self.is_as_first_played = True

    def evaluate(self) -> None:
        night = self.nights[-1]
        before = self.nights[-2].rows if len(self.nights) > 1 else {}
        standings = {
            name: standing(name, tier, before.get(name, (None,))[0], level, level is not None)
            for name, (tier, level) in night.rows.items()
        }
        alerts = [
            OpenAlert(number, alert.kind, alert.customer_id, alert.opened_on, alert.margin, alert.is_told)
            for number, alert in self.held.items()
            if alert.closed_on is None or alert.closed_on >= night.day
        ]
        recent = {name: [(played.day, played.rows[name][1]) for played in self.nights[::-1]] for name in CUSTOMERS}
        decision = decide(night.day, standings, alerts, recent, RULES)
        for number in decision.withdrawn:
            assert not self.held[number].is_told
            del self.held[number]
        for number in decision.kept:
            self.held[number].closed_on = None
        for number in decision.closed:
            self.held[number].closed_on = night.day
        for opening in decision.opened:
            self.number += 1
            self.held[self.number] = Held(opening.kind, opening.customer_id, night.day, opening.margin_at_stake)

    @rule(rows=ROWS, quiet=st.integers(0, 8))
    def play(self, rows, quiet):
        """One night, and then `quiet` ones in which nobody is at risk."""
        self.next_night(rows)
        for _ in range(quiet):
            self.next_night({name: (tier, "low") for name, (tier, _) in rows.items()})

    def next_night(self, rows) -> None:
        day = self.nights[-1].day + timedelta(days=1) if self.nights else date(2026, 1, 1)
        self.nights.append(Played(day, rows))
        self.evaluate()

    @rule()
    def evaluate_again(self):
        if self.nights:
            before = {number: (alert.opened_on, alert.closed_on) for number, alert in self.held.items()}
            self.evaluate()
            assert {number: (alert.opened_on, alert.closed_on) for number, alert in self.held.items()} == before

    @rule(rows=ROWS)
    def evaluate_again_with_other_rows(self, rows):
        if self.nights:
            self.nights[-1].rows = rows
            self.is_as_first_played = False
            told = {number for number, alert in self.held.items() if alert.is_told}
            self.evaluate()
            assert told <= set(self.held)

    @rule(share=st.randoms(use_true_random=False))
    def tell(self, share):
        for alert in self.held.values():
            alert.is_told = alert.is_told or share.random() < 0.5

    @invariant()
    def one_open_alert_a_customer_and_kind(self):
        keys = [(a.customer_id, a.kind) for a in getattr(self, "held", {}).values() if a.closed_on is None]
        assert len(keys) == len(set(keys))

    @invariant()
    def a_customer_at_risk_has_its_alert(self):
        for name, (tier, level) in self.nights[-1].rows.items() if getattr(self, "nights", None) else ():
            kind = {"core": "core_at_risk", "important": "important_at_risk"}.get(tier)
            if kind and level == "high":
                assert any(a.customer_id == name and a.kind == kind and not a.closed_on for a in self.held.values())

    @invariant()
    def the_alerts_are_those_that_the_history_says(self):
        if getattr(self, "nights", None) and self.is_as_first_played:
            found = {(a.customer_id, a.kind, a.opened_on, a.closed_on) for a in self.held.values()}
            assert found == set(by_history(self.nights))


def by_history(nights: list[Played]) -> list[tuple[str, str, date, date | None]]:
    """The same, told another way: customer by customer along its nights."""
    spells = []
    for name in CUSTOMERS:
        for kind, tier in (("core_at_risk", "core"), ("important_at_risk", "important")):
            opened, calm = None, 0
            for night in nights:
                own_tier, level = night.rows[name]
                calm = 0 if level == "high" else calm + 1
                if opened is None and level == "high" and own_tier == tier:
                    opened = night.day
                elif opened is not None and calm == RULES.calm_nights_to_close:
                    spells.append((name, kind, opened, night.day))
                    opened = None
            spells += [(name, kind, opened, None)] if opened else []
        lost = None
        for before, night in zip(nights, nights[1:], strict=False):
            was, now = before.rows[name][0] == "core", night.rows[name][0] == "core"
            if lost is None and was and not now:
                lost = night.day
            elif lost is not None and now:
                spells.append((name, "core_tier_lost", lost, night.day))
                lost = None
        spells += [(name, "core_tier_lost", lost, None)] if lost else []
    return spells


TestNights = Nights.TestCase
TestNights.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
