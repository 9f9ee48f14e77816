"""`cvp calibration`: propose a version, compare it with the one in force, activate it, list and show versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from pipelines.calibrate import CalibrationError, JudgementError, activation, calibration_for, proposal
from pipelines.calibrate.drafts import OBJECTIVES
from pipelines.cli import render, render_calibration
from pipelines.cli.night import EXIT_USAGE
from pipelines.evaluate import AsideBusy
from pipelines.night.ledger import RunRefused
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

app = typer.Typer(
    help="Calibrations: what indicators weigh and how values become points. Reviewed, versioned, never overwritten.",
    no_args_is_help=True,
)
Author = Annotated[str, typer.Option(help="who decides")]
Reason = Annotated[str, typer.Option(help="why, in words")]


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2026-06-30") from None


@contextmanager
def _refusals(console: Console) -> Iterator[None]:
    try:
        yield
    except (CalibrationError, JudgementError, AsideBusy, RunRefused) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from None


def _engine() -> sa.Engine:
    engine = warehouse_engine(get_settings())
    migrations.upgrade(engine)
    return engine


@app.command()
def propose(
    author: Author,
    reason: Reason,
    judgements: Annotated[
        Path | None, typer.Option(help="folder of judgement sets; default: the settings', else the shipped ones")
    ] = None,
    sets: Annotated[
        str | None, typer.Option(help="sets in order of precedence, comma separated, `default` last")
    ] = None,
    population_date: Annotated[
        str | None, typer.Option(help="evaluated date of the population; default: the newest published night")
    ] = None,
    objective: Annotated[
        str, typer.Option(help=f"blend in what the population says: {', '.join(OBJECTIVES)}")
    ] = "none",
) -> None:
    """Make a version from judgements and a population. Nothing applies it until it is activated."""
    console = render.make_console()
    names = [name.strip() for name in sets.split(",") if name.strip()] if sets else None
    asked = proposal.Proposal(author, reason, _day(population_date), names, judgements, objective)
    engine = _engine()
    with _refusals(console), console.status("evaluating the population aside"):
        version = proposal.propose(get_settings(), engine, asked)
    with engine.connect() as connection:
        render_calibration.version(console, connection, version)
    console.print(f"next: cvp calibration compare {version}", highlight=False)


@app.command()
def compare(
    version: Annotated[int, typer.Argument(help="the version under review")],
    other: Annotated[
        int | None, typer.Option("--with", help="the version to compare with; default: the one in force")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="evaluated date; default: the newest published night")] = None,
) -> None:
    """Show who changes tier, how much margin moves and why, in the terminal and as an HTML report."""
    # pandas and scipy.stats: seconds that no other command has to wait for
    from pipelines.calibrate.comparison_report import compare_and_report

    settings = get_settings()
    console = render.make_console()
    engine = _engine()
    with _refusals(console), console.status("evaluating the night under both versions, aside"):
        found, page = compare_and_report(settings, engine, version, other, _day(as_of))
    render_calibration.comparison(console, found, settings.reporting_currency)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)
    console.print(
        f"to let it apply: cvp calibration activate {version} --author NAME --reason WHY",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def activate(
    version: Annotated[int, typer.Argument(help="the version that is to apply")],
    author: Author,
    reason: Reason,
    active_from: Annotated[
        str | None,
        typer.Option("--from", help="first evaluated date; default: the day after the newest published night"),
    ] = None,
) -> None:
    """Let a version apply from a date on. Published nights keep the version that they were published with."""
    console = render.make_console()
    engine = _engine()
    with _refusals(console):
        done = activation.activate(engine, version, author, reason, _day(active_from))
    console.print(
        f"calibration [bold]{done.version}[/bold] applies from [bold]{done.active_from}[/bold] on, in place of"
        f" {done.replaced}; the nights until then keep theirs",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@app.command("list")
def list_versions() -> None:
    """Every version: from whose population, by whom, why, and since when it is in force."""
    console = render.make_console()
    with _engine().connect() as connection, _refusals(console):
        render_calibration.versions(console, activation.versions(connection), _in_force(connection))


@app.command()
def show(
    version: Annotated[int, typer.Argument(help="a version's number, as `list` shows it")],
    judgements: Annotated[bool, typer.Option("--judgements", help="every judgement with its reason, too")] = False,
    points: Annotated[bool, typer.Option("--points", help="which values have 0 and 100 points, too")] = False,
) -> None:
    """One version: its judgements' consistency, its weights, its sets and their rules, its activations."""
    console = render.make_console()
    with _engine().connect() as connection, _refusals(console):
        activation.require_finished(connection, version)
        render_calibration.version(console, connection, version)
        if points:
            render_calibration.points(console, connection, version, get_settings().reporting_currency)
        if judgements:
            render_calibration.judgements(console, connection, version)


def _in_force(connection: sa.Connection) -> int | None:
    """The version of the next night that is published."""
    return calibration_for(connection, activation.next_night(connection))
