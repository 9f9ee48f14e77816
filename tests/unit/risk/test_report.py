"""The report says in words whether the table of cells is worth more than plain recency."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from pipelines.risk.backtest import Backtest, judge
from pipelines.risk.backtest_report import against_the_floor, write_page
from pipelines.risk.sample import Levels
from tests.unit.risk.samples import sample_of


def _report(told: bool, silent: bool) -> Backtest:
    """A history in which the table, or the silence, or both tell who leaves."""
    sample = sample_of([1, 2])
    found = replace(
        sample,
        cells=np.where(sample.churned & told, 0.9, 0.1),
        silent_days=np.where(sample.churned & silent, 90.0, 5.0),
    )
    return judge(found, date(2025, 1, 1), 180, Levels(4, 2))


def test_a_table_that_ranks_better_than_recency_is_said_to(tmp_path):
    report = _report(told=True, silent=False)
    assert "ranks better here" in against_the_floor(report)
    write_page(report, tmp_path / "report.html")
    assert against_the_floor(report) in (tmp_path / "report.html").read_text("utf-8")


def test_a_table_that_does_not_is_said_not_to():
    assert "no better" in against_the_floor(_report(told=False, silent=True))
    assert "no better" in against_the_floor(_report(told=True, silent=True))
    assert "AUC 0.500 against 1.000" in against_the_floor(_report(told=False, silent=True))


def test_without_figures_nothing_is_said():
    empty = sample_of([1], recorded=[])
    assert against_the_floor(judge(empty, date(2025, 1, 1), 180, Levels(4, 2))) == ""
