"""`cvp demo-causes`: how often each churn reason was right on the demo company, whose true causes are known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import psycopg
import sqlalchemy as sa
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.cli import render
from pipelines.cli.demo import LAST_DATE, SOURCE_DATABASE
from pipelines.counting import counted
from pipelines.demo import reasons
from pipelines.demo.fates import CAUSES
from pipelines.evaluate.aside import AsideBusy
from pipelines.settings import Settings, get_settings
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer

NO_DEMO = "there is no demo company with a published night here: run `cvp demo` first"


def demo_causes(
    dates: Annotated[
        int, typer.Option(min=1, max=36, help="dates to evaluate, the last one the demo's last night")
    ] = 24,
    step_days: Annotated[int, typer.Option(min=1, help="days between two of them")] = 30,
) -> None:
    """Precision and recall of every churn reason on the demo company, whose true causes are known."""
    console = render.make_console()
    settings = get_settings()
    evaluated = [LAST_DATE - timedelta(days=step_days * back) for back in reversed(range(dates))]
    try:
        fates = reasons.read_fates(EmbeddedServer(settings.home).url("erp_owner", SOURCE_DATABASE))
        with console.status(f"evaluating {counted(dates, 'date')}"):
            figures, observations = _measure(settings, evaluated, fates)
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable, sa.exc.ProgrammingError) as error:
        console.print(f"[red]{NO_DEMO}[/red]")
        raise typer.Exit(2) from error
    except AsideBusy as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(2) from error
    _show(console, figures, evaluated, observations)


def _measure(
    settings: Settings, dates: list[date], fates: dict[str, reasons.Fate]
) -> tuple[list[reasons.CodeFigures], int]:
    engine = warehouse_engine(settings)
    with engine.connect() as connection:
        codes = list(connection.scalars(sa.text("select reason_code from rules.churn_reason_code order by position")))
        horizon: int = connection.scalar(sa.text("select churn_horizon_days from control.night"))
    observations = reasons.observe(settings, engine, dates)
    known = [one for one in observations if one.customer_id in fates]
    return reasons.figures_of(known, fates, codes, horizon), len(known)


def _counted(part: int, whole: int) -> str:
    """A share with its counts, short enough for four columns of a table."""
    return f"{part}/{whole} {part / whole:.0%}" if whole else "none"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none"


def _show(console: Console, figures: list[reasons.CodeFigures], dates: list[date], observations: int) -> None:
    table = Table(box=box.SIMPLE, title="how often a churn reason was right")
    table.add_column("reason", no_wrap=True)
    for name in ("recall", "first", "precision", "if it leaves", "by chance", "stayers: shown", "alarmed"):
        table.add_column(name, justify="right", overflow="fold")
    for one in figures:
        table.add_row(
            one.code,
            _counted(one.found, one.leaving),
            _counted(one.found_first, one.leaving),
            _counted(one.found, one.given),
            _counted(one.found, one.given_leaving),
            f"{one.leaving / one.flagged_leaving:.0%}" if one.flagged_leaving else "none",
            f"{one.shown / one.stayer_dates:.1%}" if one.stayer_dates else "none",
            f"{one.alarmed / one.stayer_dates:.1%}" if one.stayer_dates else "none",
        )
    console.print(table)
    told = [one for one in figures if one.code in CAUSES]
    causes = sum(one.leaving for one in told)
    first, found = sum(one.found_first for one in told), sum(one.found for one in told)
    console.print(
        f"{figures[0].flagged:,} customers were flagged, {figures[0].flagged_leaving:,} of them leave. Where one"
        f" leaves for one of the six causes, the strongest reason is the true one for {_share(first, causes)},"
        f" any of its reasons for {_share(found, causes)}.",
        highlight=False,
    )
    console.print(
        f"{counted(len(dates), 'date')} from {dates[0]} to {dates[-1]}, {observations:,} active customers and"
        " dates. Recall and precision count a customer on the first date on which it was flagged, while its cause was"
        " at work or it had gone for less than the horizon, or at all where it stays. By chance: the cause's share of"
        " those that leave. Stayers never leave: shown is the signal, flagged or not, alarmed flagged and given it.",
        highlight=False,
    )
