"""`cvp replay`: a published night from what was known then, against what was published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import render
from pipelines.cli.night import EXIT_FAILED, EXIT_USAGE
from pipelines.counting import counted
from pipelines.evaluate.aside import AsideBusy
from pipelines.evaluate.replay import Replay, ReplayRefused, columns_of_differences, replay_night
from pipelines.explain.scored import NotPublished
from pipelines.risk.learners import ArtefactError
from pipelines.settings import Settings, get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

SHOWN = 15


def _instant(text: str | None, settings: Settings) -> datetime | None:
    """An instant as written; without a zone it is the company's own time."""
    if text is None:
        return None
    if text == "now":
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant; write 2026-06-30T04:00:00+08:00, or now") from None
    return found if found.tzinfo else found.replace(tzinfo=settings.zone)


def replay(
    as_of: Annotated[str, typer.Argument(help="the published night's date, YYYY-MM-DD")],
    known_at: Annotated[
        str | None, typer.Option(help="an instant, or now; default: when the night was published")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave the rebuilt tables in schema replay_candidates")] = False,
) -> None:
    """Rebuild a published night aside, from the rows known at an instant, and compare it with what was published.

    Nothing is published. Ends with 0 where both are equal, with 1 where they differ. (To publish past dates again, run
    the DAG customer_value_replay.)
    """
    settings = get_settings()
    console = render.make_console()
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise typer.BadParameter(f"{as_of!r} is no date; write for example 2026-06-30") from None
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    try:
        with console.status(f"evaluating {day} aside"):
            found = replay_night(settings, engine, day, _instant(known_at, settings), keep)
    except (NotPublished, ReplayRefused, AsideBusy, ArtefactError) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    _show(console, found, settings)
    if not found.is_equal:
        raise typer.Exit(EXIT_FAILED)


def _show(console: Console, found: Replay, settings: Settings) -> None:
    rows = sum(one.rows_published for one in found.compared)
    console.print(
        f"night of [bold]{found.as_of_date}[/bold], published {_when(found.published_at, settings)}, rebuilt as known"
        f" {_when(found.known_at, settings)}: {counted(rows, 'row')} of"
        f" {counted(len(found.compared), 'table')} compared",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    for one in found.compared:
        if one.columns_not_compared:
            names = ", ".join(one.columns_not_compared)
            console.print(f"not compared, added since that night: {one.table}: {names}", soft_wrap=True)
    for note in found.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    if found.is_equal:
        console.print("[green]equal[/green]: every value is what was published")
    else:
        _differences(console, found)
    _late(console, found)


def _when(instant: datetime, settings: Settings) -> str:
    return f"{instant.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}"


def _differences(console: Console, found: Replay) -> None:
    table = render.make_table(f"{len(found.differences):,} values differ")
    for heading in ("table", "column", "values"):
        table.add_column(heading, justify="right" if heading == "values" else "left")
    for name, column, count in columns_of_differences(found.differences)[:SHOWN]:
        table.add_row(name, column, f"{count:,}")
    console.print(table)
    late = found.late_by_customer()
    own = [customer for customer in found.customers if late[customer]]
    moved = len(found.customers) - len(own)
    console.print(
        f"customers whose row differs: {len(found.customers)}; {len(own)} by late rows of their own,"
        f" {moved} because shares, ranks and rates are of the whole company"
    )
    for one in [
        one for one in found.differences if one.key[0] in set(own[:5]) and one.column in ("tier", "value_score")
    ]:
        console.print(
            f"  {one.table} {escape(one.key[0])} {one.column}: {one.published} -> {one.rebuilt}", soft_wrap=True
        )


def _late(console: Console, found: Replay) -> None:
    if not found.late:
        console.print("no row came late")
        return
    table = render.make_table(
        f"{counted(len(found.late), 'row')} dated up to {found.as_of_date} came after the publication"
    )
    for heading in ("entity", "source", "key", "change", "known from", "dated", "customer"):
        table.add_column(heading, overflow="fold")
    for row in found.late[:SHOWN]:
        known = f"{row.known_from:%Y-%m-%d %H:%M:%S}" if row.known_from else ""
        table.add_row(
            row.entity, escape(row.source_system), escape(row.key), row.change, known, str(row.dated_on or ""),
            escape(row.customer_id or ""),
        )  # fmt: skip
    console.print(table)
    if len(found.late) > SHOWN:
        console.print(f"  and {len(found.late) - SHOWN:,} more")
