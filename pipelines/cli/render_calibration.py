"""What the terminal shows of calibrations: the list, one version, a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape

from pipelines.calibrate import activation
from pipelines.calibrate.judgement_changes import judgement_words
from pipelines.cli.render import make_table
from pipelines.explain import wording
from pipelines.settings import DEFAULT_SET
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_INDICATOR, CALIBRATION_JUDGEMENT_SET

if TYPE_CHECKING:
    from pipelines.calibrate.comparison import Comparison

CHANGED_SHOWN = 15


def versions(console: Console, rows: Sequence[sa.Row[Any]], in_force: int | None) -> None:
    """Every version, newest first; the one that the next night applies is marked."""
    table = make_table("calibrations")
    for heading in ("version", "population", "objective", "author", "reason", "in force from", "activated by"):
        table.add_column(heading)
    for row in rows:
        mark = "[green]●[/green]" if row.version == in_force else " "
        table.add_row(
            f"{mark} {row.version}", f"{row.population_date} ({row.population_customers:,})", row.objective,
            escape(row.author), escape(row.reason), str(row.active_from_on or "never"),
            escape(f"{row.activation_author}: {row.activation_reason}" if row.activation_author else ""),
        )  # fmt: skip
    console.print(table)
    console.print("● applies to the next night", highlight=False)


def version(console: Console, connection: sa.Connection, number: int) -> None:
    """One version: header, sets with their rules and consistency, weights, activations."""
    made = connection.execute(sa.select(CALIBRATION).where(CALIBRATION.c.version == number)).one()
    console.print(
        f"calibration [bold]{made.version}[/bold], made {made.made_at:%Y-%m-%d %H:%M} UTC by"
        f" [bold]{escape(made.author)}[/bold]: {escape(made.reason)}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    console.print(
        f"population of {made.population_date}: {made.population_customers:,} active customers, medians"
        f" {made.median_current_score:.1f} current, {made.median_potential_score:.1f} potential",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    console.print(f"objective weighting: {made.objective}", highlight=False)
    if made.notes:
        console.print(f"  {escape(made.notes)}", highlight=False, soft_wrap=True)
    _sets(console, connection, number)
    _weights(console, connection, number)
    for row in activation.activations(connection, number):
        console.print(
            f"activated {row.activated_at:%Y-%m-%d %H:%M} UTC, from {row.active_from_on} on, by"
            f" {escape(row.author)}: {escape(row.reason)}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def _sets(console: Console, connection: sa.Connection, number: int) -> None:
    own = CALIBRATION_JUDGEMENT_SET.c
    for row in connection.execute(
        sa.select(CALIBRATION_JUDGEMENT_SET).where(own.version == number).order_by("position")
    ):
        rule = " and ".join(f"{column} in ({', '.join(values)})" for column, values in row.rule.items()) or (
            "everybody else" if row.position > 1 else "everybody"
        )
        ratios = {node: stored["consistency_ratio"] for node, stored in row.judgements.items()}
        worst = max(ratios, key=lambda node: ratios[node], default=None)
        judged = f"; least consistent node: {worst} ({ratios[worst]:.3f}, limit 0.10)" if worst else ""
        console.print(
            f"set [bold]{escape(row.judgement_set)}[/bold] ({escape(row.name_en)} {escape(row.name_zh)}):"
            f" {escape(rule)}{judged}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def _weights(console: Console, connection: sa.Connection, number: int) -> None:
    own = CALIBRATION_INDICATOR.c
    rows = connection.execute(sa.select(CALIBRATION_INDICATOR).where(own.version == number)).all()
    sets = sorted({row.judgement_set for row in rows})
    weight = {(row.judgement_set, row.indicator_id): row for row in rows}
    names = {indicator: name for indicator, (name, _) in _registered(connection).items()}
    table = make_table("nominal weights, %")
    table.add_column("indicator")
    for name in sets:
        table.add_column(name, justify="right")
        if any(weight[key].judged_weight is not None for key in weight if key[0] == name):
            table.add_column("judged", justify="right", style="dim")
            table.add_column("objective", justify="right", style="dim")
    for indicator in sorted({row.indicator_id for row in rows}):
        cells = [f"{indicator} {escape(names.get(indicator, ''))}"]
        for name in sets:
            row = weight[name, indicator]
            cells.append(f"{row.nominal_weight:.2%}".rstrip("%"))
            if row.judged_weight is not None:
                cells += [f"{row.judged_weight:.2%}".rstrip("%"), f"{row.objective_weight:.2%}".rstrip("%")]
        table.add_row(*cells)
    console.print(table)


def _registered(connection: sa.Connection) -> dict[str, tuple[str, str]]:
    """Indicator id -> its English name and its unit, as published; nothing where no night was yet."""
    if connection.scalar(sa.text("select to_regclass('published.indicator')")) is None:
        return {}
    rows = connection.execute(sa.text("select indicator_id, name_en, unit from published.indicator"))
    return {row.indicator_id: (row.name_en, row.unit) for row in rows}


def points(console: Console, connection: sa.Connection, number: int, currency: str) -> None:
    """Which values of each indicator have 0 and 100 points under a version; common to all its sets."""
    own = CALIBRATION_INDICATOR.c
    of_version = sa.and_(own.version == number, own.judgement_set == DEFAULT_SET)
    rows = connection.execute(sa.select(CALIBRATION_INDICATOR).where(of_version).order_by("indicator_id"))
    known = _registered(connection)
    table = make_table("points: from the value with none to the value with all 100")
    for heading in ("indicator", "0 points at", "100 points at", "between"):
        table.add_column(heading, justify="right" if "points" in heading else "left")
    for row in rows:
        name, unit = known.get(row.indicator_id, ("", ""))
        ends = [_value(row, end) for end in ((row.lo, row.hi) if row.higher_is_better else (row.hi, row.lo))]
        between = "evenly" if row.s is None else "by size (asinh)"
        cells = [wording.value_with_unit(end, unit, currency) for end in ends]
        table.add_row(f"{row.indicator_id} {escape(name)}", *cells, between)
    console.print(table)


def _value(row: sa.Row[Any], transformed: float | None) -> float | None:
    """A reference point in the indicator's own unit."""
    return transformed if transformed is None or row.s is None else row.s * math.sinh(transformed)


def judgements(console: Console, connection: sa.Connection, number: int) -> None:
    """Every judgement of a version with its reason, by set and node, after the weights that follow from them."""
    own = CALIBRATION_JUDGEMENT_SET.c
    stored = sa.select(CALIBRATION_JUDGEMENT_SET).where(own.version == number).order_by("position")
    for row in connection.execute(stored):
        for node, judged in row.judgements.items():
            weights = ", ".join(f"{child} {wording.percent(weight)}" for child, weight in judged["weights"].items())
            console.print(
                f"[bold]{escape(row.judgement_set)}, {escape(node)}[/bold] (consistency ratio"
                f" {judged['consistency_ratio']:.3f}): {escape(weights)}",
                highlight=False, soft_wrap=True,
            )  # fmt: skip
            for one in judged["judgements"]:
                said = f"  {judgement_words(one)}: {one['reason']}"
                console.print(escape(said), highlight=False, soft_wrap=True)


def comparison(console: Console, found: Comparison, currency: str) -> None:
    """Rank correlation, who changes tier, the largest moves."""
    from pipelines.calibrate.comparison_report import QUADRANTS

    active = int(found.customers.is_active.sum())
    console.print(
        f"[bold]calibration {found.new.version} against {found.old.version}[/bold], night of {found.as_of}:"
        f" {len(found.changed):,} of {active:,} active customers change tier ({found.changed_raw:,} without the grace"
        f" at the lines), {found.margin_moved:,.0f} {currency} of margin with them"
        + (f" ({wording.percent(found.margin_moved / found.margin_total)} of all)" if found.margin_total > 0 else ""),
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if found.spearman is not None and found.kendall is not None:
        console.print(
            f"rank correlation of the scores: Spearman {found.spearman:.3f}, Kendall {found.kendall:.3f}",
            highlight=False,
        )
    _flow(console, "tiers", found.flow("tier", found.tiers), found.tiers, found)
    _flow(console, "quadrants", found.flow("value_quadrant", QUADRANTS), QUADRANTS, found)
    _moves(console, found)


def _flow(
    console: Console, title: str, cells: list[list[tuple[int, float]]], names: Sequence[str], found: Comparison
) -> None:
    table = make_table(f"{title}: rows under {found.old.version}, columns under {found.new.version}")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    for name, row in zip(names, cells, strict=True):
        table.add_row(name, *(f"{customers:,}" if customers else "" for customers, _ in row))
    console.print(table)


def _moves(console: Console, found: Comparison) -> None:
    table = make_table("the ten largest moves")
    for heading in ("customer", "score", "rank", "tier", "indicators behind it"):
        table.add_column(heading, justify="right" if heading in ("score", "rank") else "left")
    for row in found.moves.itertuples():
        tier = row.tier_old if row.tier_old == row.tier_new else f"{row.tier_old} → {row.tier_new}"
        table.add_row(
            escape(str(row.customer_name or row.customer_id)), f"{row.value_score_old:.1f} → {row.value_score_new:.1f}",
            f"{row.company_rank_old:.0f} → {row.company_rank_new:.0f}", tier,
            ", ".join(f"{indicator} {change:+.1f}" for indicator, change in row.behind),
        )  # fmt: skip
    console.print(table)
