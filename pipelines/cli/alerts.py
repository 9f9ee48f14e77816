"""`cvp alerts`: which customers need looking after, what people found out about them, and the mails about them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.markup import escape

from pipelines.alert import desk, outbox
from pipelines.alert.mailing import mail_folder, transport
from pipelines.alert.send import send_outbox
from pipelines.alert.words import causes
from pipelines.cli import render
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

EXIT_FAILED, EXIT_USAGE = 1, 2

app = typer.Typer(
    help="Alerts about customers: list, acknowledge, mute, and send the mails that wait.", no_args_is_help=True
)


def _engine() -> sa.Engine:
    engine = warehouse_engine(get_settings())
    migrations.upgrade(engine)
    return engine


def _refuse(error: desk.DeskError) -> typer.Exit:
    render.make_console().print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
    return typer.Exit(EXIT_USAGE)


@app.command("list")
def list_alerts(
    every: Annotated[bool, typer.Option("--all", help="closed ones too, newest first")] = False,
    customer: Annotated[str | None, typer.Option(help="of this customer only")] = None,
) -> None:
    """Show the open alerts, most margin at stake first."""
    with _engine().connect() as connection:
        rows = desk.alerts(connection, only_open=not every, customer_id=customer)
    render.alerts(render.make_console(), rows, get_settings().reporting_currency)


@app.command()
def acknowledge(
    alert_id: Annotated[int, typer.Argument(help="the alert's number, as the mail and `cvp alerts list` show it")],
    cause: Annotated[str, typer.Option(help=f"the true cause: {', '.join(causes())}")],
    by: Annotated[str, typer.Option(help="who found it out")],
) -> None:
    """Record what an alert's true cause was; the alert stays until it closes by itself."""
    try:
        with _engine().begin() as connection:
            before = desk.acknowledge(connection, alert_id, cause, by)
    except desk.DeskError as error:
        raise _refuse(error) from error
    name, said = before.customer_name or before.customer_id, f"true cause {cause}, by {by}"
    if before.true_cause:
        said += f" (before: {before.true_cause}, by {before.acknowledged_by})"
    if before.closed_on:
        said += f"; it closed on {before.closed_on}"
    render.make_console().print(escape(f"alert {alert_id} ({name}): {said}"), highlight=False, soft_wrap=True)


@app.command()
def mute(
    customer: Annotated[str, typer.Argument(help="the customer's id")],
    until: Annotated[str, typer.Option(help="the last day without mails about it, YYYY-MM-DD")],
    by: Annotated[str, typer.Option(help="who decides that")],
    reason: Annotated[str, typer.Option(help="why, in words")],
) -> None:
    """Let no mail speak of a customer for a while; its alerts are published all the same."""
    try:
        until_on = date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(f"{until!r} is no date; write for example 2026-12-31") from None
    try:
        with _engine().begin() as connection:
            desk.mute(connection, customer, until_on, by, reason)
    except desk.DeskError as error:
        raise _refuse(error) from error
    render.make_console().print(f"no mail speaks of {escape(customer)} up to {until_on}", highlight=False)


@app.command()
def unmute(
    customer: Annotated[str, typer.Argument(help="the customer's id")],
    by: Annotated[str, typer.Option(help="who decides that")],
) -> None:
    """Let mails speak of a muted customer again, from the next night on."""
    try:
        with _engine().begin() as connection:
            until = desk.unmute(connection, customer, by)
    except desk.DeskError as error:
        raise _refuse(error) from error
    console = render.make_console()
    console.print(f"mails speak of {escape(customer)} again (it was muted until {until})", highlight=False)


@app.command()
def send(
    again: Annotated[bool, typer.Option("--again", help="also those that were refused or given up")] = False,
) -> None:
    """Send the mails that wait in the outbox."""
    settings, engine, console = get_settings(), _engine(), render.make_console()
    way = transport(settings)
    if again:
        with engine.begin() as connection:
            console.print(f"{outbox.revive_dead(connection)} refused mails wait again")
    with console.status("sending"):
        report = send_outbox(engine, settings, way)
    if report.is_busy:
        console.print("another process is sending right now")
    console.print(f"{len(report.sent)} sent, {len(report.waiting)} wait, {len(report.refused)} refused")
    if settings.mail_transport == "file" and report.sent:
        console.print(
            f"as files, for there is no mail server: {mail_folder(settings)}", highlight=False, soft_wrap=True
        )
    with engine.connect() as connection:
        render.mails(console, desk.mail_state(connection, settings))
    if not report.is_complete:
        raise typer.Exit(EXIT_FAILED)
