"""A customer's last 24 months as a picture for a mail: volume and margin per month, and the days it ordered on.

Numbers only: what the picture shows is said beside it, in the reader's language and fonts.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

VOLUME, MARGIN, LOSS, INK, FAINT = "#2f6690", "#3a7d44", "#b3261e", "#4a4a4a", "#d9d9d9"
# The width in inches is that of a phone: a mail reader scales the picture to it, and the numbers stay readable.
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 3.7, 1.5, 300


def order_chart(orders: dict[str, Any]) -> bytes:
    """PNG of `story`'s orders: `months`, `volume` and `margin` of equal length, `days` as ISO dates."""
    # Importing it takes a second: only a mail with pictures pays for it. No window system, no global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    above, below, ticks = figure.subplots(3, 1, sharex=True, height_ratios=[5, 5, 1])
    months = orders["months"]
    positions = range(len(months))
    above.bar(positions, orders["volume"], color=VOLUME, width=0.72)
    colours = [LOSS if value < 0 else MARGIN for value in orders["margin"]]
    below.bar(positions, orders["margin"], color=colours, width=0.72)
    below.axhline(0, color=INK, linewidth=0.6)
    first_year, first_month = map(int, months[0].split("-"))
    for day in map(date.fromisoformat, orders["days"]):
        month = (day.year - first_year) * 12 + day.month - first_month
        position = month - 0.5 + (day.day - 0.5) / 31
        ticks.plot([position, position], [0, 1], color=INK, linewidth=0.7)
    for axes in (above, below):
        axes.locator_params(axis="y", nbins=3)
        axes.yaxis.set_major_formatter(_short)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
    ticks.set_yticks([])
    ticks.set_ylim(0, 1)
    shown = [position for position in positions if months[position].endswith(("-01", "-07"))]
    ticks.set_xticks(shown, [months[position] for position in shown])
    ticks.set_xlim(-0.7, len(months) - 0.3)
    for axes in (above, below, ticks):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=7.5, length=0, colors=INK)
        axes.spines["bottom"].set_color(FAINT)
    figure.align_ylabels()
    figure.subplots_adjust(left=0.11, right=0.99, top=0.96, bottom=0.14, hspace=0.32)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _short(value: float, _position: object = None) -> str:
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"
