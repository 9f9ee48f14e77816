"""The backtest's charts, as SVG whose text stays text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.risk.backtest import CELLS, GROUPS, RECENCY, Backtest
from pipelines.risk.learners import BOOSTING, LOGISTIC
from pipelines.risk.measures import BINS

Floats = NDArray[np.float64]

NAMES = {
    CELLS: "table of cells",
    LOGISTIC: "logistic regression",
    BOOSTING: "gradient boosting",
    RECENCY: "days since last order",
}
COLOURS = {CELLS: "#1f5fa8", LOGISTIC: "#c8641b", BOOSTING: "#2e7d4f", RECENCY: "#8a8f98"}
GROUP_COLOURS = {"all": "#1f5fa8", "core": "#b3261e", "important": "#9a6700"}
INK, FAINT = "#1c2733", "#c9d1d9"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "backtest",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#eceff2",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


def charts(report: Backtest) -> dict[str, str]:
    """Name -> SVG element: calibration, gain, lead_time, groups."""
    drawings = {"calibration": _calibration, "gain": _gain, "lead_time": _lead_time, "groups": _groups}
    found = {}
    for name, draw in drawings.items():
        with _figure() as (figure, axes):
            draw(axes, report)
            found[name] = _svg(figure)
    return found


@contextmanager
def _figure() -> Iterator[tuple[Any, Any]]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.6, 4.1), layout="constrained")
        yield figure, figure.subplots()


def _svg(figure: Any) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]


def _percent_axes(axes: Any, x: bool = True, y: bool = True) -> None:
    from matplotlib.ticker import PercentFormatter

    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _known(report: Backtest, name: str) -> tuple[Floats, NDArray[np.bool_]]:
    values = report.probability[name]
    there = ~np.isnan(values)
    return values[there], report.sample.churned[there]


def _calibration(axes: Any, report: Backtest) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1)
    for name in report.probability:
        values, churned = _known(report, name)
        bins = np.minimum((values * BINS).astype(int), BINS - 1)
        seen = np.bincount(bins, minlength=BINS)
        shown = seen > 0
        predicted = np.bincount(bins, values, BINS)[shown] / seen[shown]
        observed = np.bincount(bins, churned, BINS)[shown] / seen[shown]
        axes.plot(predicted, observed, color=COLOURS[name], linewidth=1.4, label=NAMES[name])
        axes.scatter(predicted, observed, s=12 + 160 * seen[shown] / max(1, seen.sum()), color=COLOURS[name], zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="predicted", ylabel="did leave")
    _percent_axes(axes)
    axes.legend(loc="upper left")


def _gain(axes: Any, report: Backtest) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1)
    axes.axvline(0.1, color=FAINT, linewidth=1)
    curves = {name: _known(report, name) for name in report.probability}
    curves[RECENCY] = (report.sample.silent_days, report.sample.churned)
    for name, (values, churned) in curves.items():
        if churned.sum():
            reached = np.cumsum(churned[np.argsort(-values, kind="stable")]) / churned.sum()
            share = np.arange(1, len(values) + 1) / len(values)
            chosen = np.unique(np.linspace(0, len(values) - 1, 400).astype(int))
            style = "--" if name == RECENCY else "-"
            axes.plot(share[chosen], reached[chosen], style, color=COLOURS[name], linewidth=1.4, label=NAMES[name])
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="customers looked at, most likely to leave first",
             ylabel="of those who left")  # fmt: skip
    _percent_axes(axes)
    axes.legend(loc="lower right")


def _lead_time(axes: Any, report: Backtest) -> None:
    for name in GROUPS:
        times = report.lead_times.get(name)
        if times and times.lost:
            for days, style, word in ((times.high, "-", "high"), (times.flagged, ":", "high or medium")):
                at = np.arange(0, report.horizon_days + 1)
                warned = np.array([(days >= day).sum() / times.lost for day in at])
                axes.plot(
                    at, warned, style, color=GROUP_COLOURS[name], linewidth=1.5,
                    label=f"{name}, {word} ({times.lost:,})" if style == "-" else None,
                )  # fmt: skip
    axes.set(xlim=(report.horizon_days, 0), ylim=(0, 1.01), xlabel="days before a whole horizon had passed in silence",
             ylabel="lost customers warned of by then")  # fmt: skip
    _percent_axes(axes, x=False)
    axes.legend(loc="upper left", title="solid: level high, dotted: high or medium")


def _groups(axes: Any, report: Backtest) -> None:
    shown = [group for group in report.groups if group.figures]
    predictors = list(shown[0].figures) if shown else []
    for row, group in enumerate(reversed(shown)):
        for place, name in enumerate(predictors):
            auc = group.figures[name]["auc"]
            height = row + 0.3 - 0.2 * place
            axes.plot([auc.low, auc.high], [height, height], color=COLOURS[name], linewidth=2)
            axes.scatter([auc.value], [height], color=COLOURS[name], s=26, zorder=3,
                         label=NAMES[name] if row == len(shown) - 1 else None)  # fmt: skip
    axes.axvline(0.5, color=FAINT, linewidth=1)
    axes.set_yticks(range(len(shown)), [f"{one.name}\n{one.customers:,} customers" for one in reversed(shown)])
    axes.set(xlabel="AUC with its 95 % interval (0.5: by chance)", ylim=(-0.6, len(shown) - 0.3))
    axes.legend(loc="lower left")
