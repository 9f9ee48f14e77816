"""What counts when it is measured how often a churn reason is right."""

from __future__ import annotations

from datetime import date, timedelta

from pipelines.demo.reasons import Fate, Observation, figures_of, first_flagged

D = date(2026, 1, 1)
HORIZON = 180
FATES = {
    "complains": Fate("complaint_unresolved", D, D + timedelta(days=60)),
    "unheard": Fate("complaint_unresolved", D, D + timedelta(days=60)),
    "no reason": Fate("no_cause", D, D + timedelta(days=30)),
    "stays": Fate(None),
}


def seen(
    customer: str, days: int, *reasons: str, is_flagged: bool = True, signals: tuple[str, ...] = ()
) -> Observation:
    return Observation(D + timedelta(days=days), customer, is_flagged, reasons, frozenset(signals or reasons))


def test_a_customer_is_leaving_from_its_cause_to_the_end_of_the_horizon():
    fate = FATES["complains"]
    days = {days: fate.is_leaving(D + timedelta(days=days), HORIZON) for days in (-1, 0, 60, 239, 240)}
    assert days == {-1: False, 0: True, 60: True, 239: True, 240: False}
    assert not FATES["stays"].is_leaving(D, HORIZON)


def test_a_customer_counts_on_its_first_flagged_date_while_it_is_leaving():
    observations = [
        seen("complains", 100, "contact_lapsed"),
        seen("complains", 50, "complaint_unresolved"),
        seen("complains", 20, is_flagged=False),
        seen("complains", -30, "manager_changed"),
        seen("unheard", 240, "complaint_unresolved"),
        seen("stays", 30, "contact_lapsed"),
        seen("stays", 60, "complaint_unresolved"),
    ]
    first = first_flagged(observations, FATES, HORIZON)
    assert {name: one.reasons for name, one in first.items()} == {
        "complains": ("complaint_unresolved",),
        "stays": ("contact_lapsed",),
    }


def test_precision_and_recall_count_customers_and_alarms_count_dates():
    observations = [
        seen("complains", 50, "contact_lapsed", "complaint_unresolved"),
        seen("unheard", 50, "contact_lapsed"),
        seen("no reason", 50, "rhythm_broken"),
        seen("stays", 30, "complaint_unresolved"),
        seen("stays", 60, is_flagged=False, signals=("complaint_unresolved", "contact_lapsed")),
    ]
    complaint, contact, rhythm = figures_of(
        observations, FATES, ["complaint_unresolved", "contact_lapsed", "rhythm_broken"], HORIZON
    )
    assert (complaint.leaving, complaint.found, complaint.found_first) == (2, 1, 0)
    assert (complaint.given, complaint.given_leaving, complaint.flagged, complaint.flagged_leaving) == (2, 1, 4, 3)
    assert (complaint.stayer_dates, complaint.shown, complaint.alarmed) == (2, 2, 1)
    assert (contact.leaving, contact.found, contact.given, contact.given_leaving) == (0, 0, 2, 2)
    assert (contact.shown, contact.alarmed) == (1, 0)
    assert (rhythm.leaving, rhythm.found, rhythm.found_first, rhythm.given) == (1, 1, 1, 1)
