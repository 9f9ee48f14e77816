"""The card's sentences: plain, with the figures that they stand on."""

from __future__ import annotations

import pytest

from pipelines.explain import wording
from pipelines.explain.lines import CoreLine, ScoreLine


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0, "0"), (0.04, "0.0"), (99.94, "99.9"), (100, "100"), (-2500, "-2,500"), (12_345_678, "12.3 m")],
)
def test_an_amount_is_as_long_as_it_must_be(value: float | None, words: str) -> None:
    assert wording.amount(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (0, "+0.00"), (0.004, "under +0.01"), (-0.004, "under −0.01"), (-1.25, "−1.25")]
)
def test_a_change_says_its_sign_and_never_that_it_is_nothing(value: float | None, words: str) -> None:
    assert wording.signed(value) == words


def test_the_core_line_says_what_may_be_lost_or_must_be_gained() -> None:
    above, below = CoreLine(0.02, 0.01, 2_100_000, None), CoreLine(0.005, 0.01, 50_000, 300)
    assert wording.core_line_words(above, "CNY") == (
        "2.000 % of the company's business; the core ends at 1.000 %: it may lose about 2.1 m CNY of margin a year"
        " before it would leave the core"
    )
    assert wording.core_line_words(below, "CNY").endswith(
        "about 50,000 CNY of margin or 300 of volume a year more would bring it in"
    )


def test_the_score_line_says_on_which_side_and_by_how_much() -> None:
    inside, outside = ScoreLine("important", 4, 194, 42.2, 15.3), ScoreLine("important", 698, 194, 42.2, -27.5)
    rule = "outside the core, important or better are the best 194 by score: it"
    assert (
        wording.score_line_words(inside, is_core=False)
        == f"{rule} is number 4, 15.3 points above the first one left out"
    )
    assert wording.score_line_words(outside, is_core=False) == (
        f"{rule} is number 698, 27.5 points away from the last one taken in"
    )
    assert wording.score_line_words(outside, is_core=True) == f"{rule} would be number 698 of them by its score alone"


@pytest.mark.parametrize(
    ("customer", "words"),
    [
        ((0.41, "cells", "validated"), "In 41 % of such situations before, no order followed in the horizon."),
        ((0.41, None, "validated"), "In 41 % of such situations before, no order followed in the horizon."),
        ((0.41, "2", "validated"), "By churn model 2, 41 % of such customers order no more in the horizon."),
        ((None, "cells", "unvalidated"), "By its order rhythm alone: there is not enough history for a probability."),
        (
            (0.9, "cells", "dormant"),
            "In 90 % of such situations before, no order followed in the horizon."
            " Its last order is more than 12 months old.",
        ),
    ],
)
def test_the_risk_says_what_it_rests_on(customer: tuple[object, str | None, str], words: str) -> None:
    names = ("churn_probability", "churn_model_version", "churn_status")
    assert wording.risk_words(dict(zip(names, customer, strict=True))) == words


def test_a_calibration_is_called_new_only_where_it_is() -> None:
    assert wording.cause_words("calibration", has_new_calibration=True) == "the new calibration"
    assert wording.cause_words("calibration", has_new_calibration=False) == "a setting or a formula changed"
    assert wording.cause_words("own_data", has_new_calibration=True) == "its own data"
