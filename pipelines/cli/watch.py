"""`cvp watch`: run from cron, a systemd timer or a container, it notices the night that never came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.alert import desk
from pipelines.cli import render
from pipelines.night import watch as watching
from pipelines.settings import get_settings
from pipelines.warehouse.connection import warehouse_engine

EXIT_LATE = 1


def watch(
    now: Annotated[
        str | None, typer.Option(help="look as if it were this instant, ISO 8601 with offset; default: the clock")
    ] = None,
) -> None:
    """Mail operations once when no publication came by the deadline hour, and send what waits in the outbox."""
    try:
        instant = datetime.fromisoformat(now) if now else datetime.now(UTC)
    except ValueError:
        raise typer.BadParameter(f"{now!r} is no instant; write for example 2026-07-01T06:30:00+08:00") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{now!r} has no offset; write for example 2026-07-01T06:30:00+08:00")
    settings, console = get_settings(), render.make_console()
    report = watching.watch(instant)
    if report.unreachable:
        console.print(f"[red]the warehouse cannot be reached:[/red] {escape(report.unreachable)}", soft_wrap=True)
        raise typer.Exit(EXIT_LATE)
    state = "[red]late[/red]: not published" if report.is_late else "published"
    console.print(f"night of {report.due}: {state}", highlight=False)
    with warehouse_engine(settings).connect() as connection:
        mails = desk.mail_state(connection, settings)
    render.mails(console, mails)
    if report.is_late or mails.late:
        raise typer.Exit(EXIT_LATE)
