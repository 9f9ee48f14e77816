"""What a comparison counts and adds up, by a hand-made table of five customers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from pipelines.calibrate.comparison import Comparison, _correlation
from pipelines.calibrate.comparison_report import _amount, _direction, _share

TIERS = ["core", "important", "general"]
COLUMNS = ("customer_id", "is_active", "margin_12m", "tier_old", "tier_new", "tier_raw_old", "tier_raw_new")
ROWS = [
    ("a", True, 100.0, "core", "core", "core", "core"),
    ("b", True, -30.0, "important", "general", "important", "general"),
    ("c", True, 20.0, "general", "important", "general", "important"),
    ("d", True, None, "general", "general", "general", "important"),
    ("e", False, 7.0, "general", "general", "general", "general"),
]


def made(rows: list[Any] = ROWS) -> Comparison:
    frame = pd.DataFrame(rows, columns=pd.Index(COLUMNS))
    nothing = pd.DataFrame()
    return Comparison(None, None, date(2025, 1, 1), TIERS, frame, nothing, nothing, [], None, None)


def test_who_changes_tier_stands_with_the_most_margin_first_and_a_loss_counts_as_its_size() -> None:
    found = made()
    assert list(found.changed.customer_id) == ["c", "b"]
    assert found.changed_raw == 3
    assert found.margin_moved == 50.0
    assert found.margin_total == 90.0


def test_of_equal_margins_the_ids_decide() -> None:
    rows = [("z", True, 1.0, *["general", "important"] * 2), ("y", True, 1.0, *["general", "important"] * 2)]
    assert list(made(rows).changed.customer_id) == ["y", "z"]


def test_the_flow_has_the_old_tier_in_rows_and_the_new_one_in_columns() -> None:
    assert made().flow("tier", TIERS) == [
        [(1, 100.0), (0, 0.0), (0, 0.0)],
        [(0, 0.0), (0, 0.0), (1, -30.0)],
        [(0, 0.0), (1, 20.0), (2, 7.0)],
    ]


def test_a_higher_tier_is_up() -> None:
    assert list(_direction(made().customers, TIERS)) == [0, -1, 1, 0, 0]


@pytest.mark.parametrize(("old", "new"), [([1.0], [2.0]), ([], []), ([1.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [3.0, 3.0])])
def test_without_an_order_there_is_no_correlation(old: list[float], new: list[float]) -> None:
    assert _correlation(stats.spearmanr, pd.DataFrame({"value_score_old": old, "value_score_new": new})) is None


def test_two_customers_in_opposite_order_are_minus_1() -> None:
    frame = pd.DataFrame({"value_score_old": [1.0, 2.0], "value_score_new": [4.0, 3.0]})
    assert _correlation(stats.kendalltau, frame) == pytest.approx(-1)


def test_amounts_and_shares_that_are_not_known_are_not_made_up() -> None:
    assert [_amount(None), _amount(float("nan")), _amount(-1234.4)] == ["unknown", "unknown", "-1,234"]
    assert [_share(5, 0), _share(5, 20)] == ["", "25.0 %"]
