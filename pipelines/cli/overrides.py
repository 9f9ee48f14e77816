"""`cvp overrides`: tiers set by persons, with reason, author and last day."""

from __future__ import annotations

import getpass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.markup import escape

from pipelines import overrides
from pipelines.cli import render
from pipelines.cli.night import EXIT_USAGE
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

app = typer.Typer(
    help="Tiers that persons set: from the next night on `tier` is theirs, `tier_computed` stays what it is.",
    no_args_is_help=True,
)
STATE_COLOUR = {"holds": "green", "to come": "cyan", "expired": "yellow", "ended": "yellow"}


def _engine() -> sa.Engine:
    engine = warehouse_engine(get_settings())
    migrations.upgrade(engine)
    return engine


def _date(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2026-06-30") from None


def _enter(found: list[overrides.Override], may_overlap: bool) -> None:
    console = render.make_console()
    try:
        with _engine().begin() as connection:
            entered = overrides.enter(connection, get_settings(), found, may_overlap)
    except overrides.OverrideRefused as error:
        console.print(f"[red]nothing was entered:[/red]\n{escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    stood = len(found) - entered
    console.print(
        f"{entered} entered" + (f", {stood} stood already" if stood else "") + "; the next night applies them"
    )


@app.command()
def add(
    customer: Annotated[str, typer.Argument(help="customer_id")],
    tier: Annotated[str, typer.Argument(help="a tier of the scheme in force")],
    reason: Annotated[str, typer.Option(help="why, in words")],
    until: Annotated[str, typer.Option(help="the last evaluated date on which it holds, YYYY-MM-DD")],
    since: Annotated[str | None, typer.Option(help="the first; default: today in the company's time zone")] = None,
    author: Annotated[str | None, typer.Option(help="who decided it; default: your login name")] = None,
    overlap: Annotated[
        bool, typer.Option("--overlap", help="allow others on the same days: begun last counts")
    ] = False,
) -> None:
    """Set one customer's tier."""
    today = overrides.business_date(get_settings())
    by = getpass.getuser() if author is None else author
    one = overrides.Override(customer, tier, reason, by, _date(since, today), _date(until, today))
    _enter([one], overlap)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with the columns " + ", ".join(overrides.COLUMNS))],
    overlap: Annotated[
        bool, typer.Option("--overlap", help="allow others on the same days: begun last counts")
    ] = False,
) -> None:
    """Set tiers from a file: all of it or, where a line is wrong, nothing. Lines that stand already are passed over."""
    try:
        found = overrides.read_file(file)
    except overrides.OverrideRefused as error:
        render.make_console().print(f"[red]refused:[/red]\n{escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    _enter(found, overlap)


@app.command()
def end(
    number: Annotated[int, typer.Argument(help="the override's number, as `cvp overrides list` shows it")],
    on: Annotated[str | None, typer.Option(help="the last date on which it holds; default: yesterday")] = None,
    author: Annotated[str | None, typer.Option(help="who ends it; default: your login name")] = None,
) -> None:
    """End one before its time. Nights published before keep what they say."""
    yesterday = overrides.business_date(get_settings()) - timedelta(days=1)
    last_day = _date(on, yesterday)
    console = render.make_console()
    try:
        with _engine().begin() as connection:
            overrides.end(connection, number, getpass.getuser() if author is None else author, last_day)
    except overrides.OverrideRefused as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    console.print(f"override {number} ends with {last_day}")


@app.command("list")
def list_overrides(
    everything: Annotated[bool, typer.Option("--all", help="those that expired more than 90 days ago too")] = False,
) -> None:
    """What holds, what is to come, what has expired."""
    console = render.make_console()
    today = overrides.business_date(get_settings())
    with _engine().connect() as connection:
        found = overrides.list_all(connection, today)
    shown = [one for one in found if everything or one.last_day >= today - timedelta(days=90)]
    if not shown:
        console.print("no tier is set by hand" if not found else "no tier is set by hand now (--all: the older ones)")
        return
    table = render.make_table(f"tiers set by hand, as of {today}")
    for heading in ("number", "state", "customer", "tier", "from", "to", "author", "reason"):
        table.add_column(heading, justify="right" if heading == "number" else "left", overflow="fold")
    for one in shown:
        colour = STATE_COLOUR[one.state]
        table.add_row(
            str(one.override_id), f"[{colour}]{one.state}[/{colour}]", escape(one.customer_id), escape(one.tier),
            str(one.starts_on), str(one.last_day), escape(one.author), escape(one.reason),
        )  # fmt: skip
    console.print(table)
