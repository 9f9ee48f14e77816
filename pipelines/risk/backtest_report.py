"""The backtest as a page that needs nothing from outside, and as rows for a table or a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from pipelines.risk.backtest import CELLS, RECENCY, Backtest
from pipelines.risk.backtest_charts import NAMES, charts
from pipelines.risk.measures import Figure

MEASURES = {
    "auc": "AUC",
    "lift_top_10": "lift, top 10 %",
    "brier": "Brier",
    "calibration_error": "calibration error",
    "lost_margin_flagged_share": "lost margin flagged",
}
COLUMNS = ("tier_group", "customer_slices", "customers", "churned", "predictor", "measure", "value", "low", "high")


def rows(report: Backtest) -> Iterator[tuple[object, ...]]:
    """COLUMNS, one row a tier group, predictor and measure; null where it is not defined."""
    for group in report.groups:
        for predictor, figures in group.figures.items():
            for measure, figure in figures.items():
                yield (
                    group.name, group.customer_slices, group.customers, group.churned, predictor, measure,
                    *(None if math.isnan(x) else x for x in (figure.value, figure.low, figure.high)),
                )  # fmt: skip


def write_csv(report: Backtest, file: Path) -> None:
    """All figures with their intervals."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows(report))


def write_page(report: Backtest, file: Path) -> None:
    """The report as HTML."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    environment.filters["shown"] = shown
    page = environment.get_template("backtest.html.j2").render(
        report=report,
        against_the_floor=against_the_floor(report),
        drawings={} if report.is_empty else charts(report),
        names=NAMES,
        measures=MEASURES,
    )
    file.write_text(page, "utf-8")


def against_the_floor(report: Backtest) -> str:
    """Whether the table of cells ranks better than plain recency over all of history, in words; "" without figures."""
    figures = report.groups[0].figures if report.groups else {}
    if not figures:
        return ""
    table, floor = figures[CELLS]["auc"], figures[RECENCY]["auc"]
    if math.isnan(table.value) or math.isnan(floor.value):
        return ""
    better = "better" if table.value > floor.value else "no better"
    return (
        f"The {NAMES[CELLS]} ranks {better} here than plain {NAMES[RECENCY]}"
        f" (AUC {table.value:.3f} against {floor.value:.3f})."
    )


def shown(figure: Figure | None) -> str:
    """A figure with its interval."""
    if figure is None or math.isnan(figure.value):
        return ""
    if math.isnan(figure.low):
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f}\N{EN DASH}{figure.high:.3f})"
