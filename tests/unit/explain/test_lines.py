"""How far from the lines: by the published shares for the core, by place and score for the others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.explain.lines import core_line, score_lines

SCHEME = ["core", "important", "value", "general"]


def row(customer: str, tier_raw: str, rank: int, score: float, margin: int | None, volume: int) -> dict:
    """Of a company with a margin of 1,000 and a volume of 500; an unknown margin has the volume's share."""
    return {
        "customer_id": customer,
        "tier_raw": tier_raw,
        "company_rank": rank,
        "value_score": score,
        "gross_margin_12m": None if margin is None else Decimal(margin),
        "volume_12m": Decimal(volume),
        "margin_share": Decimal(volume) / 500 if margin is None else Decimal(margin) / 1000,
        "volume_share": Decimal(volume) / 500,
        "is_margin_imputed": margin is None,
    }


BIG = row("big", "core", 2, 80.0, 500, 200)
LAST_IN = row("last in", "core", 5, 50.0, 250, 100)
IMPORTANT = row("important", "important", 1, 90.0, 100, 50)
VALUE = row("value", "value", 3, 70.0, None, 50)
GENERAL = row("general", "general", 4, 60.0, 50, 100)
ACTIVE = [IMPORTANT, BIG, VALUE, GENERAL, LAST_IN]


def test_the_core_ends_at_the_mean_share_of_its_last_customer():
    line = core_line(ACTIVE, BIG, "core")
    assert (line.own_share, line.line_share) == (pytest.approx(0.45), pytest.approx(0.225))
    assert line.is_above
    # 0.225 of mean share are 0.45 of the margin alone; the same of the volume is more than it buys
    assert line.margin == pytest.approx(450)
    assert line.volume is None


def test_nobody_can_lose_more_than_it_has_and_without_a_margin_nobody_is_core():
    richer = {**BIG, "margin_share": 0.6, "gross_margin_12m": Decimal(600)}
    assert core_line([IMPORTANT, richer, VALUE, GENERAL, LAST_IN], richer, "core").margin == pytest.approx(
        0.55 * (600 + 250 + 100 + 50) / (0.6 + 0.25 + 0.1 + 0.05)
    )
    poorer = {**BIG, "margin_share": 0.1, "gross_margin_12m": Decimal(100), "volume_share": 0.9}
    assert core_line([poorer, LAST_IN], poorer, "core").margin == pytest.approx(100)


def test_who_is_outside_needs_that_much_more_and_it_would_be_enough():
    line = core_line(ACTIVE, IMPORTANT, "core")
    assert not line.is_above
    assert line.margin == pytest.approx(250)
    for name, more in (("margin_share", line.margin / 1000), ("volume_share", line.volume / 500)):
        richer = {**IMPORTANT, name: float(IMPORTANT[name]) + more}
        reached = (float(richer["margin_share"]) + float(richer["volume_share"])) / 2
        assert reached == pytest.approx(line.line_share)


def test_without_a_share_of_margin_the_volume_alone_counts():
    active = [{**one, "margin_share": None, "gross_margin_12m": None} for one in ACTIVE]
    line = core_line(active, active[1], "core")
    assert line.margin is None
    assert (line.line_share, line.volume) == (pytest.approx(0.2), pytest.approx(100))


def test_where_nobody_is_core_there_is_no_line():
    assert core_line([{**one, "tier_raw": "general"} for one in ACTIVE], VALUE, "core") is None


def test_the_lines_by_score_are_counted_outside_the_core():
    important, value = score_lines(ACTIVE, VALUE, SCHEME)
    assert (important.tier, important.place, important.places, important.is_inside) == ("important", 2, 1, False)
    assert important.points == pytest.approx(-20.0)
    assert (value.tier, value.place, value.places, value.is_inside) == ("value", 2, 2, True)
    assert value.points == pytest.approx(10.0)
    assert value.line_score == pytest.approx(70.0)


def test_a_core_customer_is_told_where_it_would_stand():
    important, value = score_lines(ACTIVE, LAST_IN, SCHEME)
    assert (important.place, important.is_inside) == (4, False)
    assert (value.place, value.is_inside) == (4, False)
