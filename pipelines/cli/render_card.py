"""The profile card in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.render import make_table
from pipelines.explain import wording
from pipelines.explain.card import Card, IndicatorLine
from pipelines.explain.page import DIMENSIONS, changes_shown, line_words

BAR_CELLS = 12
SPARK = "▁▂▃▄▅▆▇█"
NIGHTS_SHOWN = 60
TIER_STYLES = ("bold green", "bold cyan", "cyan", "dim")
RISK_STYLES = {"high": "bold red", "medium": "yellow", "low": "green"}


def card(console: Console, card: Card, scheme: Sequence[str]) -> None:
    """The whole card, from who it is to its risk."""
    _head(console, card, scheme)
    if card.customer["is_active"]:
        for words in line_words(card, scheme):
            console.print(f"  • {escape(words)}", highlight=False)
        console.print()
        for dimension in DIMENSIONS:
            console.print(_indicators(card, dimension))
        _missing(console, card)
        _changes(console, card)
    _peers(console, card)
    _history(console, card, scheme)
    _risk(console, card)


def _tier(tier: str, scheme: Sequence[str]) -> str:
    place = scheme.index(tier) if tier in scheme else len(scheme) - 1
    style = TIER_STYLES[-1] if place == len(scheme) - 1 else TIER_STYLES[min(place, len(TIER_STYLES) - 2)]
    return f"[{style}]{escape(tier)}[/]"


def _head(console: Console, card: Card, scheme: Sequence[str]) -> None:
    one = card.customer
    console.print(
        f"\n[bold]{escape(one['customer_name'] or one['customer_id'])}[/bold]  {escape(one['customer_id'])}",
        highlight=False,
    )
    people = [escape(one[name] or "–") for name in ("salesperson_id", "account_manager_id")]
    places = [one[name] for name in ("industry", "region", "sales_department") if one[name]]
    console.print(
        escape(" · ".join([*places, one["lifecycle_stage"], *filter(None, [one["value_quadrant"]])]))
        + f"\nsalesperson {people[0]}, account manager {people[1]}",
        highlight=False,
    )
    moved = f", {one['tier_movement']} from {one['previous_tier']}" if one["tier_movement"] in ("up", "down") else ""
    console.print(
        f"\n{_tier(one['tier'], scheme)} since {one['tier_since_on']}{escape(moved)}   "
        + (f"score [bold]{one['value_score']:.1f}[/bold] (current {wording.number(one['current_value_score'], 0)},"
           f" potential {wording.number(one['potential_value_score'], 0)}), rank {one['company_rank']}"
           if one["is_active"] else "not active: no score"),
        highlight=False,
    )  # fmt: skip
    console.print(
        f"12 months: margin {_margin(card)}, volume {wording.amount(one['volume_12m'])}"
        f" ({wording.percent(one['volume_share'], 2)}), revenue {wording.amount(one['revenue_12m'])} {card.currency}",
        highlight=False,
    )


def _margin(card: Card) -> str:
    one = card.customer
    share = f"{wording.percent(one['margin_share'], 2)} of all"
    if one["is_margin_imputed"]:
        return f"not known (by its volume {share})"
    return f"{wording.amount(one['gross_margin_12m'])} {card.currency} ({share})"


def bar(points: float, median: float | None) -> str:
    """Points from 0 to 100 as a bar, a stroke at the industry's median."""
    filled = round(points / 100 * BAR_CELLS)
    cells = ["█"] * filled + ["░"] * (BAR_CELLS - filled)
    if median is not None:
        cells[min(BAR_CELLS - 1, int(median / 100 * BAR_CELLS))] = "┃"
    return "".join(cells)


def _indicators(card: Card, dimension: str) -> Table:
    lines = [one for one in card.indicators if one.dimension == dimension]
    weight, total = (sum(getattr(one, name) for one in lines) for name in ("effective_weight", "contribution"))
    title = (
        f"{DIMENSIONS[dimension]}: {total:.2f} of {card.customer['value_score']:.2f}, weight {wording.percent(weight)}"
    )
    table = make_table(title)
    for heading in ("", "indicator", "value", "industry", "points  ┃ median", "weight", "gives"):
        table.add_column(heading, justify="right" if heading in ("value", "industry", "weight", "gives") else "left")
    for one in lines:
        table.add_row(*_cells(card, one), style=None if one.points is not None else "dim")
    return table


def _cells(card: Card, one: IndicatorLine) -> list[str]:
    points = "not available" if one.points is None else f"{bar(one.points, one.median_points)} {one.points:3.0f}"
    return [
        one.indicator_id,
        f"{escape(one.name_en)} {escape(one.name_zh)}",
        wording.value_with_unit(one.raw_value, one.unit, card.currency),
        wording.value_with_unit(one.median_value, one.unit, card.currency),
        points,
        wording.percent(one.effective_weight),
        f"{one.contribution:.2f}",
    ]


def _missing(console: Console, card: Card) -> None:
    one = card.customer
    if not card.missing:
        console.print("missing: nothing, all indicators are known")
        return
    console.print(
        f"[bold]missing[/bold]: {wording.percent(one['coverage'], 0)} of the weights are known; with the rest at its"
        f" worst or best the score would lie between {one['value_score_low']:.1f} and {one['value_score_high']:.1f}",
        highlight=False,
    )
    for line in card.missing:
        takers = ", ".join(line.taken_by) or "nobody"
        weight = wording.percent(line.nominal_weight)
        console.print(f"  {line.indicator_id} {escape(line.name_en)}: its {weight} went to {takers}", highlight=False)


def _changes(console: Console, card: Card) -> None:
    if card.compared_with is None:
        return
    if not card.changes:
        console.print(f"[bold]since {card.compared_with}[/bold] the score has not moved", highlight=False)
        return
    total = sum(change["contribution_change"] for change in card.changes)
    console.print(
        f"[bold]since {card.compared_with}[/bold] the score moved by {wording.signed(total, 3)}", highlight=False
    )
    for change in changes_shown(card):
        name = change["indicator"].name_en if change["indicator"] else ""
        console.print(
            f"  {change['indicator_id']} {escape(name)}: {wording.signed(change['contribution_change'], 3)},"
            f" {wording.cause_words(change['cause'], card.has_new_calibration)}",
            highlight=False,
        )


def _peers(console: Console, card: Card) -> None:
    if not card.peers or card.medians is None:
        return
    table = make_table(f"its peers in {escape(card.customer['industry'])}")
    for heading in ("rank", "customer", "tier", "score", "margin 12m", "volume 12m", "risk"):
        table.add_column(heading, justify="left" if heading in ("customer", "tier", "risk") else "right")
    for peer in card.peers:
        is_self = peer["customer_id"] == card.customer["customer_id"]
        table.add_row(
            str(peer["segment_rank"]), escape(peer["customer_name"] or peer["customer_id"]), escape(peer["tier"]),
            wording.number(peer["value_score"]), wording.amount(peer["gross_margin_12m"]),
            wording.amount(peer["volume_12m"]), peer["churn_risk_level"] or "", style="bold" if is_self else None,
        )  # fmt: skip
    table.add_row(
        "", f"median of {card.medians['customers']} active", "", wording.number(card.medians["value_score"]),
        wording.amount(card.medians["gross_margin_12m"]), wording.amount(card.medians["volume_12m"]), "",
        style="italic dim",
    )  # fmt: skip
    console.print(table)


def _history(console: Console, card: Card, scheme: Sequence[str]) -> None:
    nights = card.history[-NIGHTS_SHOWN:]
    scores = [row["value_score"] for row in nights if row["value_score"] is not None]
    if len(nights) < 2 or not scores:
        return
    low, high = min(scores), max(scores)
    span = max(high - low, 1.0)
    marks = "".join(
        " " if row["value_score"] is None else SPARK[int((row["value_score"] - low) / span * (len(SPARK) - 1))]
        for row in nights
    )
    console.print(
        f"[bold]history[/bold] {nights[0]['as_of_date']} {marks} {nights[-1]['as_of_date']}: {low:.1f} to {high:.1f}",
        highlight=False,
    )
    for before, row in zip(card.history, card.history[1:], strict=False):
        if before["tier"] != row["tier"]:
            console.print(
                f"  {row['as_of_date']}: {escape(before['tier'])} to {_tier(row['tier'], scheme)}", highlight=False
            )


def _risk(console: Console, card: Card) -> None:
    one = card.customer
    level = one["churn_risk_level"]
    if level is None:
        console.print("[bold]risk of leaving[/bold]: not active, nothing is left to lose")
        return
    console.print(
        f"[bold]risk of leaving[/bold]: [{RISK_STYLES.get(level, '')}]{level}[/]. {wording.risk_words(one)}",
        highlight=False,
    )
    for record in card.record:
        console.print(f"  {wording.record_words(record)}", highlight=False)
    for reason in card.reasons:
        console.print(f"  {reason['reason_code'].replace('_', ' ')}: {escape(reason['evidence'])}", highlight=False)
    if not card.reasons and one["churn_reasons"]:
        console.print(f"  {escape(one['churn_reasons'].replace('_', ' '))}", highlight=False)
