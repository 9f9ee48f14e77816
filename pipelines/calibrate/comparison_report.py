"""A comparison of two calibrations as one HTML page that needs nothing from outside."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from pipelines.calibrate.comparison import Comparison, compare
from pipelines.calibrate.drafts import OBJECTIVES
from pipelines.indicators import Indicator, load_indicators
from pipelines.settings import Settings

QUADRANTS = ("star", "mainstay", "rising", "basic")
CHANGED_SHOWN = 60
OLD, NEW, UP, DOWN, FAINT, INK = "#9aa3ad", "#1f5fa8", "#1a7f4b", "#b3261e", "#c9d1d9", "#1c2733"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "comparison",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def report_file(home: Path, comparison: Comparison) -> Path:
    """Where the page of this comparison lies."""
    name = f"compare-{comparison.new.version}-with-{comparison.old.version}-{comparison.as_of}.html"
    return home / "calibration" / name


def compare_and_report(
    settings: Settings, engine: sa.Engine, version: int, other: int | None = None, as_of: date | None = None
) -> tuple[Comparison, Path]:
    """Compare (arguments and errors as there) and write the page; what was found, and where the page lies."""
    found = compare(settings, engine, version, other, as_of)
    return found, write_report(settings.home, found, load_indicators(settings), settings.reporting_currency)


def write_report(home: Path, comparison: Comparison, indicators: Sequence[Indicator], currency: str) -> Path:
    """Write the page; its path. Written beside and renamed: a reader never sees half a page."""
    page = report_file(home, comparison)
    page.parent.mkdir(parents=True, exist_ok=True)
    beside = page.with_suffix(".part")
    beside.write_text(comparison_page(comparison, indicators, currency), "utf-8")
    beside.replace(page)
    return page


def comparison_page(comparison: Comparison, indicators: Sequence[Indicator], currency: str) -> str:
    """The page's HTML."""
    names = {one.indicator_id: one for one in indicators}
    sets = list(comparison.weights.judgement_set.unique())
    drawings = {"scores": _svg(_draw_scores, comparison), "changes": _svg(_draw_changes, comparison)}
    if len(comparison.moves):
        drawings["moves"] = _svg(_draw_moves, comparison)
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    environment.filters |= {"amount": _amount, "share": _share}
    return environment.get_template("comparison.html.j2").render(
        comparison=comparison,
        currency=currency,
        objectives=OBJECTIVES,
        names=names,
        sets=sets,
        drawings={name: Markup(text) for name, text in drawings.items()},  # noqa: S704 - drawn here
        weights={name: Markup(_svg(_draw_weights, comparison, name, names)) for name in sets},  # noqa: S704
        tier_flow=comparison.flow("tier", comparison.tiers),
        quadrants=QUADRANTS,
        quadrant_flow=comparison.flow("value_quadrant", QUADRANTS),
        changed=comparison.changed.head(CHANGED_SHOWN).to_dict("records"),
        moves=comparison.moves.to_dict("records"),
        missing=pd.isna,
    )


def _amount(value: float | None) -> str:
    return "unknown" if value is None or pd.isna(value) else f"{value:,.0f}"


def _share(part: float, whole: float) -> str:
    return "" if not whole else f"{part / whole * 100:.1f} %"


def _svg(draw: Any, *arguments: Any) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # the reader's fonts draw the names, not ours
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(layout="constrained")
        draw(figure, *arguments)
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, dpi=150, metadata=nothing)
    return text.getvalue()[text.getvalue().index("<svg") :]


def _direction(rows: pd.DataFrame, tiers: Sequence[str]) -> pd.Series:
    """-1 where the new tier is lower, 0 where it is the same, 1 where it is higher."""
    place = {tier: position for position, tier in enumerate(tiers)}
    return (rows.tier_old.map(place) - rows.tier_new.map(place)).clip(-1, 1)


def _draw_scores(figure: Any, comparison: Comparison) -> None:
    figure.set_size_inches(5.6, 4.4)
    axes = figure.subplots()
    rows = comparison.customers[comparison.customers.is_active]
    direction = _direction(rows, comparison.tiers)
    for value, colour, label in ((0, OLD, "same tier"), (1, UP, "higher tier"), (-1, DOWN, "lower tier")):
        chosen = rows[direction == value]
        size = 10 if value else 6
        # one picture of dots: a hundred thousand of them as shapes would be no page
        axes.scatter(
            chosen.value_score_old, chosen.value_score_new, s=size, c=colour, alpha=0.4 if value == 0 else 0.9,
            linewidths=0, label=f"{label}: {len(chosen):,}", rasterized=len(rows) > 2000, zorder=2 + abs(value),
        )  # fmt: skip
    axes.axline((0, 0), slope=1, color=FAINT, linewidth=1, zorder=1)
    scores = pd.concat([rows.value_score_old, rows.value_score_new])
    if len(scores):
        low, high = scores.min() - 2, scores.max() + 2
        axes.set(xlim=(low, high), ylim=(low, high))
    axes.set(xlabel=f"value score under {comparison.old.version}", ylabel=f"under {comparison.new.version}")
    axes.legend(loc="upper left", handletextpad=0.1)


def _draw_changes(figure: Any, comparison: Comparison) -> None:
    figure.set_size_inches(5.6, 4.4)
    axes = figure.subplots()
    axes.hist(comparison.customers.score_change.dropna(), bins=40, color=NEW)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set(xlabel="change of the value score, points", ylabel="active customers")


def _draw_moves(figure: Any, comparison: Comparison) -> None:
    moves = comparison.moves[::-1]
    figure.set_size_inches(9.5, 0.8 + 0.36 * len(moves))
    axes = figure.subplots()
    places = range(len(moves))
    for place, row in zip(places, moves.itertuples(), strict=True):
        colour = UP if row.score_change > 0 else DOWN
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (row.value_score_new, place), (row.value_score_old, place), arrowprops=arrow)
        behind = ", ".join(f"{indicator} {change:+.1f}" for indicator, change in row.behind)
        axes.annotate(
            behind, (max(row.value_score_old, row.value_score_new), place), (6, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(list(places), [row.customer_name or row.customer_id for row in moves.itertuples()])
    ends = pd.concat([moves.value_score_old, moves.value_score_new])
    axes.set(xlim=(max(0, ends.min() - 3), ends.max() + 3), ylim=(-0.6, len(moves) - 0.4), xlabel="value score")
    axes.grid(axis="x", color="#eceff2")


def _draw_weights(figure: Any, comparison: Comparison, name: str, names: Mapping[str, Indicator]) -> None:
    rows = comparison.weights[comparison.weights.judgement_set == name][::-1]
    figure.set_size_inches(9.5, 0.9 + 0.215 * len(rows))
    axes = figure.subplots()
    places = range(len(rows))
    old, new = rows.nominal_weight_old * 100, rows.nominal_weight_new * 100
    axes.hlines(places, old.fillna(new), new.fillna(old), color=FAINT, linewidth=2.5)
    axes.scatter(old, places, c=OLD, s=26, label=f"version {comparison.old.version}", zorder=3)
    axes.scatter(new, places, c=NEW, s=26, label=f"version {comparison.new.version}", zorder=4)
    labels = [f"{one} {names[one].name_en}" if one in names else one for one in rows.indicator_id]
    axes.set_yticks(list(places), labels)
    axes.set(xlim=(0, None), ylim=(-0.8, len(rows) - 0.2), xlabel="nominal weight, %")
    axes.grid(axis="x", color="#eceff2")
    axes.legend(loc="lower right")
