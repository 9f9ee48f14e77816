"""The report over all of history: no lift where timing is noise, lift where a rhythm breaks, words where short."""

from __future__ import annotations

import csv
import re
from datetime import date

import numpy as np
import pytest

from pipelines.risk.backtest import Backtest, backtest, judge
from pipelines.risk.backtest_report import COLUMNS, write_csv, write_page
from pipelines.risk.sample import FEATURES, Levels, Sample
from tests.conftest import Warehouse
from tests.integration.risk import timing
from tests.reference import timings


@pytest.fixture(scope="module")
def ruled(module_warehouse: Warehouse) -> Warehouse:
    """A warehouse that holds the rules."""
    timing.load_rules(module_warehouse)
    return module_warehouse


@pytest.fixture(scope="module")
def noise(ruled) -> Backtest:
    timing.land(ruled, timings.pure_noise(timing.AS_OF))
    return backtest(ruled.settings, ruled.engine)


@pytest.fixture(scope="module")
def rhythm(ruled, noise) -> Backtest:
    timing.land(ruled, timings.broken_rhythm(timing.AS_OF))
    return backtest(ruled.settings, ruled.engine)


def test_on_noise_nothing_shows_lift(noise):
    """Over the slices of five years, whoever predicts; a base rate that wanders by chance may leave a lift under 1."""
    assert len(noise.slices) > 30
    figures = noise.groups[0].figures
    assert set(figures) == {"cells", "logistic_regression", "gradient_boosting", "recency"}
    for name, one in figures.items():
        assert one["auc"].low < 0.5 < one["auc"].high, name
        assert one["lift_top_10"].low < 1, name


def test_where_a_rhythm_breaks_everything_shows_lift(rhythm):
    for name, one in rhythm.groups[0].figures.items():
        assert one["auc"].low > 0.85, name
        assert one["lift_top_10"].low > 2, name


def test_most_of_those_who_stop_are_warned_of_long_before_the_horizon_is_over(rhythm):
    times = rhythm.lead_times["all"]
    assert times.lost > 100
    assert len(times.flagged) > 0.7 * times.lost
    assert np.median(times.flagged) > 60
    assert times.flagged.max() <= rhythm.horizon_days


def test_every_slice_is_predicted_from_what_was_closed_before_it(rhythm):
    """The first slices have nothing behind them and are not tried."""
    first_order = timing.AS_OF.toordinal() - timings.DAYS
    assert rhythm.slices[0].toordinal() >= first_order + 365 + 180 + 2 * 30


def test_the_page_needs_nothing_from_outside_and_has_every_chart(rhythm, tmp_path):
    write_page(rhythm, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count("<svg") == 4
    assert "table of cells" in text
    outside = set(re.findall(r'(?:src|href)="(?!#)([^"]+)"', text)) | set(re.findall(r"url\((?!#)([^)]+)\)", text))
    assert outside == set()


def test_the_csv_holds_every_figure(rhythm, tmp_path):
    write_csv(rhythm, tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    auc = next(row for row in rows if (row["tier_group"], row["predictor"], row["measure"]) == ("all", "cells", "auc"))
    assert float(auc["low"]) <= float(auc["value"]) <= float(auc["high"])


def _short(slices: int) -> Sample:
    count = 100 * slices
    return Sample(
        slice=np.repeat(np.arange(1, slices + 1), 100), snapshot=np.repeat(739000 - 30 * np.arange(slices), 100),
        customer=np.tile(np.arange(100), slices), churned=np.tile(np.arange(100) < 20, slices),
        silent_days=np.zeros(count), features=np.zeros((count, len(FEATURES))), cells=np.full(count, np.nan),
        base_rate=np.full(count, np.nan), margin=np.zeros(count), group=np.full(count, ""),
    )  # fmt: skip


def test_too_little_history_is_said_in_the_page(tmp_path):
    report = judge(_short(4), date(2024, 1, 1), 180, Levels(4, 2))
    assert report.is_empty
    write_page(report, tmp_path / "report.html")
    assert "too little history" in (tmp_path / "report.html").read_text("utf-8")
    write_csv(report, tmp_path / "report.csv")
    assert (tmp_path / "report.csv").read_text("utf-8").strip() == ",".join(COLUMNS)
