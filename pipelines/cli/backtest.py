"""`cvp backtest`: how the predictions would have done over all of history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import evaluate, risk
from pipelines.cli import render
from pipelines.counting import counted
from pipelines.risk import backtest as history
from pipelines.risk import backtest_report
from pipelines.risk.backtest_charts import NAMES
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

EXIT_FAILED, EXIT_USAGE = 1, 2


def backtest(
    html: Annotated[Path | None, typer.Option(help="write the report with its charts to this file")] = None,
    csv: Annotated[Path | None, typer.Option(help="write every figure with its interval to this file")] = None,
) -> None:
    """Predict every closed slice of the history from the slices closed before it, and compare with what came of it.

    The table of cells, the trained models and recency side by side, for all, core and important customers. Evaluated
    aside from the newest published night; nothing of it is touched.
    """
    console = render.make_console()
    for file in filter(None, (html, csv)):
        if not file.resolve().parent.is_dir():
            raise typer.BadParameter(f"{file.resolve().parent} is no folder: make it first")
    settings = get_settings()
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    try:
        with console.status("evaluating all of history"):
            report = history.backtest(settings, engine)
    except (risk.NothingPublished, evaluate.AsideBusy) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    _show(console, report)
    try:
        if html:
            backtest_report.write_page(report, html)
        if csv:
            backtest_report.write_csv(report, csv)
    except OSError as error:
        console.print(f"[red]not written:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    for file in filter(None, (html, csv)):
        console.print(f"written: {file.resolve()}", highlight=False, markup=False, soft_wrap=True)


def _show(console: Console, report: history.Backtest) -> None:
    if report.is_empty:
        console.print(
            f"too little history up to {report.as_of}: no closed slice could be predicted from slices closed before it",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        return
    console.print(
        f"{counted(len(report.slices), 'slice')} from {report.slices[0]} to {report.slices[-1]}, each predicted"
        f" from slices closed before it; as of {report.as_of}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    table = Table(title="of customers who order no more inside the horizon", title_justify="left", title_style="bold")
    for heading in ("tier group", "predictor", *backtest_report.MEASURES.values()):
        table.add_column(heading)
    for group in report.groups:
        for predictor, figures in group.figures.items():
            cells = [backtest_report.shown(figures.get(measure)) for measure in backtest_report.MEASURES]
            table.add_row(f"{group.name} ({group.churned:,} of {group.customer_slices:,})", NAMES[predictor], *cells)
        if not group.figures:
            table.add_row(group.name, f"{counted(group.customer_slices, 'customer-slice')}: too few")
    console.print(table)
    console.print(backtest_report.against_the_floor(report), highlight=False, soft_wrap=True)
    for name, times in report.lead_times.items():
        if times.lost:
            share, days = len(times.flagged) / times.lost, sorted(times.flagged)
            middle = f", half of them {days[len(days) // 2]:.0f} days or more ahead" if days else ""
            console.print(f"lost, {name}: {times.lost:,}, warned of {share:.0%}{middle}", highlight=False)
