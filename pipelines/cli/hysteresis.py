"""`cvp hysteresis`: how often tiers change and are taken back, with hysteresis and without."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli import render
from pipelines.cli.night import EXIT_USAGE
from pipelines.evaluate.aside import AsideBusy
from pipelines.settings import get_settings
from pipelines.trust.hysteresis import Effect, NothingToMeasure, measure_evaluated, measure_published
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine


def _date(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2026-06-30") from None


def hysteresis(
    first: Annotated[str | None, typer.Option("--from", help="the first date")] = None,
    to: Annotated[str | None, typer.Option(help="the last date")] = None,
    evaluate_every: Annotated[
        int | None,
        typer.Option(min=1, help="evaluate every so many days anew, from what is landed; needs --from, --to"),
    ] = None,
) -> None:
    """Measure what hysteresis does, over the published nights or over dates that are evaluated for it."""
    settings = get_settings()
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    console = render.make_console()
    begin, end = _date(first, date.min), _date(to, date.max)
    if evaluate_every and (first is None or to is None):
        raise typer.BadParameter("--evaluate-every needs --from and --to")
    try:
        if evaluate_every:
            with console.status("") as status:
                effect = measure_evaluated(
                    settings, engine, begin, end, evaluate_every, lambda day: status.update(f"evaluating {day}")
                )
        else:
            effect = measure_published(engine, begin, end)
    except (NothingToMeasure, AsideBusy) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    console.print(_table(effect))


def _table(effect: Effect) -> object:
    table = render.make_table(f"{effect.nights} nights from {effect.first} to {effect.last}")
    for heading in (
        "hysteresis",
        "tier changes",
        "customer-years",
        "changes a customer-year",
        "reversed within 30 days",
    ):
        table.add_column(heading, justify="left" if heading == "hysteresis" else "right")
    for name, one in effect.flicker.items():
        share = "" if one.reversed_share is None else f"{one.reversed_share:.1%} of {one.judged:,}"
        rate = f"{one.per_customer_year:.2f}" if one.customer_years else ""
        table.add_row(name, f"{one.changes:,}", f"{one.customer_years:,.1f}", rate, share)
    return table
