"""The profile card as one HTML page that needs nothing from outside: for the screen, and for paper (A4)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from pipelines.explain import wording
from pipelines.explain.card import Card, IndicatorLine

TIER_COLOURS = ("#0b3c5d", "#2a7ab0", "#7fb2d3", "#9aa3ad")
DIMENSIONS = {"current": "Current value 当前价值", "potential": "Potential value 潜在价值"}
SHOWN_CHANGES = 6


def card_page(card: Card, scheme: Sequence[str]) -> str:
    """The page's HTML. `scheme`: the tiers from the best on."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    environment.filters |= {
        "amount": wording.amount,
        "percent": wording.percent,
        "number": wording.number,
        "signed": wording.signed,
        "record": wording.record_words,
        "risk": wording.risk_words,
        "unit": lambda value, unit: wording.value_with_unit(value, unit, card.currency),
    }
    colours = tier_colours(scheme)
    return environment.get_template("card.html.j2").render(
        card=card,
        customer=card.customer,
        colours=colours,
        lines=line_words(card, scheme),
        dimensions=[_dimension(card.indicators, name) for name in DIMENSIONS],
        changes=changes_shown(card),
        cause_words=wording.cause_words,
        history=_history(card, colours),
    )


def tier_colours(scheme: Sequence[str]) -> dict[str, str]:
    """A colour per tier, the best the darkest; whatever the scheme no longer knows is grey."""
    return dict(zip(scheme, (*TIER_COLOURS[: len(scheme) - 1], TIER_COLOURS[-1]), strict=False))


def line_words(card: Card, scheme: Sequence[str]) -> list[str]:
    """How far from the lines, in sentences."""
    said = []
    if card.lines.core is not None:
        said.append(wording.core_line_words(card.lines.core, card.currency))
    is_core = card.customer["tier_raw"] == scheme[0]
    said += [wording.score_line_words(line, is_core) for line in card.lines.by_score]
    customer = card.customer
    if customer["tier_computed"] != customer["tier_raw"]:
        held = f"held in {customer['tier_computed']} by the grace at the line"
        said.append(f"{held}; the figures alone say {customer['tier_raw']}")
    if customer["override_reason"] is not None:
        said.append(
            f"set to {customer['tier']} by a person until {customer['override_expires_on']}:"
            f" {customer['override_reason']} (computed: {customer['tier_computed']})"
        )
    if customer["tier_support"] is not None:
        share = wording.percent(customer["tier_support"], 0)
        drawn = "with weights and lines drawn at random around those in force"
        said.append(f"{drawn} it stays {customer['tier_raw']} in {share} of the draws" + _flip_words(customer))
    if customer.get("is_tier_uncertain"):
        said.append("what is missing leaves its tier open: at its worst or its best it would lie across a line")
    return said


def _flip_words(customer: Mapping[str, Any]) -> str:
    """The smallest change of a single weight that would give it another tier; nothing where there is none."""
    if not customer.get("flip_tier"):
        return ""
    weights = [wording.percent(customer[name]) for name in ("flip_weight_from", "flip_weight_to")]
    weighing = f"{customer['flip_indicator_id']} weighing {weights[1]} instead of {weights[0]}"
    return f"; {weighing} would make it {customer['flip_tier']}"


def changes_shown(card: Card) -> list[dict[str, Any]]:
    """The largest changes since the night before, with the indicators' names."""
    named = {one.indicator_id: one for one in card.indicators}
    return [{**change, "indicator": named.get(change["indicator_id"])} for change in card.changes[:SHOWN_CHANGES]]


def _dimension(indicators: Sequence[IndicatorLine], name: str) -> dict[str, Any]:
    own = [one for one in indicators if one.dimension == name]
    groups = [(group, list(lines)) for group, lines in groupby(own, key=lambda one: one.group)]
    return {
        "name": DIMENSIONS[name],
        "colour": {"current": "#2a7ab0", "potential": "#2b9a84"}[name],
        "contribution": sum(one.contribution for one in own),
        "weight": sum(one.effective_weight for one in own),
        "groups": [
            {
                "name": wording.GROUPS.get(group, group),
                "lines": lines,
                "contribution": sum(one.contribution for one in lines),
                "weight": sum(one.effective_weight for one in lines),
            }
            for group, lines in groups
        ],
    }


def _history(card: Card, colours: Mapping[str, str]) -> Markup | None:
    """The plot; None where there is nothing to draw a line of."""
    is_scored = any(row["value_score"] is not None for row in card.history)
    return Markup(history_plot(card.history, colours)) if is_scored and len(card.history) > 1 else None  # noqa: S704


def history_plot(history: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> str:
    """The score over the published nights, under each stretch the colour of its tier; an SVG element, text as text."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "card", "font.size": 8}):
        figure = Figure(figsize=(9.4, 1.6), layout="constrained")
        axes = figure.subplots()
        days = [row["as_of_date"] for row in history]
        scores = [float("nan") if row["value_score"] is None else row["value_score"] for row in history]
        for tier, first, last in _stretches(history):
            # dates are numbers to the axis, whatever its type hints say
            axes.axvspan(first, last, color=colours.get(tier, "#d0d4d9"), alpha=0.22, linewidth=0)  # type: ignore[arg-type]
        axes.plot(days, scores, color="#1d2733", linewidth=1.3, marker="o" if len(days) < 40 else "", markersize=3)
        axes.set_ylabel("value score")
        known = [score for score in scores if score == score]
        if known:
            middle, half = (max(known) + min(known)) / 2, max(2.5, (max(known) - min(known)) * 0.6)
            axes.set_ylim(max(0, middle - half), min(100, middle + half))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e3e6ea", linewidth=0.6)
        axes.tick_params(length=2)
        if len(days) < 12:
            axes.set_xticks(days, [str(day) for day in days])
        axes.margins(x=0.02)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return text.getvalue()[text.getvalue().index("<svg") :]


def _stretches(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, date, date]]:
    """(tier, first day, day on which the next tier begins or the last day)."""
    begins = [
        (row["tier"], row["as_of_date"])
        for before, row in zip([None, *history], history, strict=False)
        if before is None or before["tier"] != row["tier"]
    ]
    ends = [day for _, day in begins[1:]] + [history[-1]["as_of_date"]]
    return [(tier, first, last) for (tier, first), last in zip(begins, ends, strict=True)]
