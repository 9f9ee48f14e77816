"""Slices, features, bands, rates and levels: against hand-computed cases."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests.reference.churn import Cells, Features, dormant_at, features_at, level_of, slice_dates
from tests.reference.parameters import Parameters, months_before

D = date(2025, 6, 30)
PARAMETERS = Parameters(D)


def ago(*days: int) -> list[tuple[date, Fraction]]:
    """Orders of one unit so many days before D."""
    return [(D - timedelta(days=n), Fraction(1)) for n in sorted(days, reverse=True)]


def test_slices_reach_back_to_twelve_months_of_orders() -> None:
    latest = D - timedelta(days=180)
    assert slice_dates(PARAMETERS, None) == []
    assert slice_dates(PARAMETERS, months_before(latest, 12)) == [latest]
    assert slice_dates(PARAMETERS, months_before(latest, 12) + timedelta(days=1)) == []
    assert len(slice_dates(PARAMETERS, date(2000, 1, 1))) == 12


def test_features_of_a_steady_customer() -> None:
    found = features_at({"A": ago(10, 30, 50, 400)}, D, 180)["A"]
    # gaps 20, 20, 350: mean 130, which is the median too, so m = 130
    assert found == Features(Fraction(10, 180), 3, Fraction(10, 130), Fraction(3) / (3 * Fraction(90, 365)))


def test_a_customer_without_gaps_has_the_median_rhythm_of_the_others() -> None:
    found = features_at({"A": ago(60), "B": ago(0, 40), "C": ago(0, 20)}, D, 180)
    assert found["A"].rhythm == Fraction(60, 30)
    # one gap of 40 and three of the median 30: m = 130 / 4
    assert found["B"].rhythm == 0
    assert features_at({"A": ago(90)}, D, 180)["A"].rhythm == Fraction(90, 180)


def test_trend_is_zero_where_the_last_ninety_days_are_empty() -> None:
    assert features_at({"A": ago(89)}, D, 180)["A"].trend == Fraction(365, 90)
    assert features_at({"A": ago(90)}, D, 180)["A"].trend == 0


def test_nothing_after_the_snapshot_is_looked_at() -> None:
    at = D - timedelta(days=100)
    assert features_at({"A": ago(0, 110)}, at, 180) == features_at({"A": ago(110)}, at, 180)


def test_a_cut_belongs_to_the_band_above_it() -> None:
    def bands(silence: str, orders: int, rhythm: str, trend: str) -> tuple[int, int, int, int]:
        return Features(Fraction(silence), orders, Fraction(rhythm), Fraction(trend)).bands

    assert bands("0", 1, "0.49", "0") == (0, 0, 0, 0)
    assert bands("0.1", 2, "0.5", "0.01") == (1, 1, 1, 1)
    assert bands("1.49", 16, "2.99", "0.5") == (6, 4, 4, 2)
    assert bands("1.5", 17, "3", "1.25") == (7, 5, 5, 4)


def test_dormant_is_older_than_twelve_months_and_still_active() -> None:
    orders = {"A": ago(365), "B": ago(364), "C": ago(731), "E": ago(730), "F": ago(-5, 500)}
    # D - 12 months = 2024-06-30 is 365 days ago, D - 24 months 731
    assert dormant_at(orders, D, 24) == {"A", "E", "F"}


def test_rates_are_drawn_towards_their_parents() -> None:
    cells = Cells()
    situation = Features(Fraction(1, 20), 1, Fraction(1, 4), Fraction(0))
    for churned in (True, False, False, False):
        cells.add(situation, churned)
    elsewhere = Features(Fraction(2), 1, Fraction(4), Fraction(0))
    # everything rests on the base rate 1/4, and every cell above it agrees
    assert cells.probability(situation) == Fraction(1, 4)
    cells.add(elsewhere, True)
    base = Fraction(2, 5)
    silence = (1 + 10 * base) / 14
    parent = (1 + 10 * silence) / 14
    assert cells.probability(situation) == (1 + 10 * parent) / 14
    assert cells.silence_rate(3) == base
    cells.dormant = [10, 9]
    assert cells.dormant_probability() == (9 + 10 * ((1 + 10 * base) / 11)) / 20


@pytest.mark.parametrize(
    ("probability", "base", "level"),
    [
        ("1/2", "1/5", "high"),
        ("1/3", "1/5", "medium"),
        ("0.33", "1/5", "low"),
        ("1", "0", "low"),
        ("0.99", "1", "low"),
        ("1", "1", "high"),
    ],
)
def test_levels_compare_odds(probability: str, base: str, level: str) -> None:
    assert level_of(Fraction(probability), Fraction(base), PARAMETERS) == level


def test_two_hundred_customer_slices_of_three_slices_are_enough() -> None:
    cells = Cells()
    cells.base, cells.slices = [200, 1], 3
    assert cells.is_enough
    cells.base = [199, 1]
    assert not cells.is_enough
    cells.base, cells.slices = [5000, 1], 2
    assert not cells.is_enough
