"""What the terminal shows of a night: progress lines, the failure, the summary."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import overrides
from pipelines.alert.desk import MailState, mail_state
from pipelines.alert.incident import open_incidents
from pipelines.alert.mailing import mail_folder
from pipelines.counting import counted
from pipelines.night import summary
from pipelines.settings import PROJECT, Settings, settings_file
from pipelines.validate import report_page

FAILED_CHECKS_SHOWN = 12
NIGHTS_OF_MAILS_SHOWN = 3
TIER_BASIS = {
    "margin_and_volume": "margin and volume",
    "volume_only": "volume alone: no customer with sales has a known margin",
    "margin_only": "margin alone: there is no volume",
}


def make_console() -> Console:
    """A console for the terminal's width; a pipe or a log file gets lines of 120 columns."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def step(console: Console, name: str, state: str, seconds: float) -> None:
    """One finished step of a running night."""
    mark = "[green]done[/green]  " if state == "done" else "[red]failed[/red]"
    console.print(f"  {mark} {escape(name):<52} {seconds:7.1f} s", highlight=False)


def failure(console: Console, engine: sa.Engine, run_id: str | None, log_file: Path, status: str) -> None:
    """Why a night was not published, and that the last one stands."""
    console.print(f"\n[red bold]the night was not published ({status})[/red bold]; the last published night stands")
    if run_id is not None:
        with engine.connect() as connection:
            report = summary.run_report(connection, run_id)
        if report.failed_step:
            console.print(f"failed step: [bold]{escape(report.failed_step)}[/bold]")
        if report.message:
            console.print(escape(report.message), highlight=False, soft_wrap=True)
        _checks(console, [check for check in report.checks if not check.passed])
    else:
        tail = log_file.read_text("utf-8", "replace").splitlines()[-25:] if log_file.exists() else []
        console.print(escape("\n".join(tail)), highlight=False, soft_wrap=True)
    console.print(f"log: {log_file}", highlight=False, soft_wrap=True)


def last_run(console: Console, report: summary.RunReport) -> None:
    """The newest run, whatever became of it."""
    colour = {"published": "green", "running": "yellow"}.get(report.status, "red")
    finished = f"{report.finished_at:%Y-%m-%d %H:%M:%S %Z}" if report.finished_at else "not yet"
    console.print(
        f"last run: as of [bold]{report.as_of_date}[/bold], [{colour}]{report.status}[/{colour}],"
        f" finished {finished}, sources {', '.join(report.source_systems)}",
        highlight=False,
    )
    if report.failed_step:
        console.print(f"failed step: [bold]{escape(report.failed_step)}[/bold]")
    if report.message:
        console.print(escape(report.message), highlight=False, soft_wrap=True)
    _checks(console, [check for check in report.checks if not check.passed])


def night_summary(console: Console, settings: Settings, connection: sa.Connection) -> None:
    """The newest published night: pyramid, best customers, gates, cost per step, where to look next."""
    night = summary.published_night(connection)
    if night is None:
        console.print("nothing is published yet")
        return
    run_id = connection.scalar(sa.text("select run_id from published.customer_tier limit 1"))
    console.print()
    _pyramid(console, night)
    _best(console, night)
    _risk(console, night)
    _overrides(console, connection, night.as_of_date)
    _alerts(console, settings, connection, night)
    if run_id is not None:
        report = summary.run_report(connection, run_id)
        _gates(console, report)
        _cost(console, report)
    _where_next(console, settings, summary.published_dates(connection))


def make_table(title: str) -> Table:
    """A table in the house's style."""
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False
    )


def _pyramid(console: Console, night: summary.Pyramid) -> None:
    table = make_table(f"tiers as of {night.as_of_date}")
    for heading in ("tier", "customers", "margin share", "volume share", "mean score", "at high risk"):
        table.add_column(heading, justify="left" if heading == "tier" else "right")
    for row in night.tiers:
        table.add_row(
            row.tier, f"{row.customers:,}", _percent(row.margin_share), _percent(row.volume_share),
            _number(row.mean_value_score), f"{row.customers_at_high_risk:,}",
        )  # fmt: skip
    console.print(table)


def _best(console: Console, night: summary.Pyramid) -> None:
    table = make_table("the ten best by value score")
    for heading in ("rank", "customer", "name", "tier", "score", "margin 12m", "volume 12m", "risk"):
        table.add_column(
            heading, justify="right" if heading in ("rank", "score", "margin 12m", "volume 12m") else "left"
        )
    for row in night.best:
        table.add_row(
            str(row.company_rank), escape(row.customer_id), escape(row.customer_name or ""), row.tier,
            _number(row.value_score), _amount(row.gross_margin_12m), _amount(row.volume_12m),
            row.churn_risk_level or "",
        )  # fmt: skip
    console.print(table)


def _risk(console: Console, night: summary.Pyramid) -> None:
    console.print(f"core customers at high risk of leaving: [bold]{night.core_at_high_risk}[/bold]")
    if night.core_lost:
        names = ", ".join(f"{row.customer_id} {row.customer_name or ''} (now {row.tier})" for row in night.core_lost)
        console.print(f"[yellow]left the core this night:[/yellow] {escape(names)}", soft_wrap=True, highlight=False)


def _alerts(console: Console, settings: Settings, connection: sa.Connection, night: summary.Pyramid) -> None:
    opened, still, closed = night.alerts
    console.print(f"alerts: {opened} opened this night, {still} open in all, {closed} closed this night")
    mails(console, mail_state(connection, settings))
    incidents(console, open_incidents(connection))
    folder = mail_folder(settings)
    if settings.mail_transport == "file" and folder.is_dir():
        console.print(f"  no mail server: mails are files in {folder}", highlight=False, markup=False, soft_wrap=True)
        for of_night in sorted(folder.iterdir())[-NIGHTS_OF_MAILS_SHOWN:]:
            pages = sorted((page.name for page in of_night.glob("*.html")), key=lambda name: "operations" not in name)
            more = f" and {len(pages) - 2} more" if len(pages) > 2 else ""
            text = f"    {of_night.name}: {', '.join(pages[:2])}{more}"
            console.print(text, highlight=False, markup=False, soft_wrap=True)


def _overrides(console: Console, connection: sa.Connection, as_of: date) -> None:
    holding = sum(one.state == "holds" for one in overrides.list_all(connection, as_of))
    if holding:
        console.print(f"tiers set by hand: {holding} (`cvp overrides list`)", highlight=False)
    if expired := overrides.recently_expired(connection, as_of):
        told = ", ".join(f"{one.customer_id} ({one.tier} until {one.last_day}, {one.author})" for one in expired)
        console.print(f"[yellow]no longer set by hand:[/yellow] {escape(told)}", soft_wrap=True, highlight=False)


def _gates(console: Console, report: summary.RunReport) -> None:
    passed = sum(check.passed for check in report.checks)
    datasets = len({check.dataset for check in report.checks})
    basis = TIER_BASIS.get(report.tier_basis or "", report.tier_basis)
    console.print(f"gates: {passed} of {len(report.checks)} checks passed on {datasets} datasets; tiers go by {basis}")
    _checks(console, [check for check in report.checks if not check.passed])
    rejected = sum(item.rows_rejected for item in report.extractions)
    read = sum(item.rows_read for item in report.extractions)
    landed = sum(item.rows_landed for item in report.extractions)
    unchanged = sum(item.rows_unchanged for item in report.extractions)
    deleted = sum(item.rows_deleted for item in report.extractions)
    gone = f"; {counted(deleted, 'row')} gone at the source" if deleted else ""
    reasons = " (why: `cvp rejects`)" if rejected else ""
    console.print(
        f"rows: {read:,} read = {landed:,} landed + {unchanged:,} unchanged + {rejected:,} set aside{reasons}{gone}",
        highlight=False,
    )


def _checks(console: Console, failed: list[Any]) -> None:
    for check in failed[:FAILED_CHECKS_SHOWN]:
        colour = "red" if check.severity == "fail" else "yellow"
        console.print(
            f"  [{colour}]{check.severity}[/{colour}] {escape(check.dataset)}: {escape(check.check_name)};"
            f" expected {escape(check.expected)}, observed {escape(check.observed)}",
            highlight=False,
            soft_wrap=True,
        )
    if len(failed) > FAILED_CHECKS_SHOWN:
        console.print(f"  and {len(failed) - FAILED_CHECKS_SHOWN} more in published.data_quality")


def _cost(console: Console, report: summary.RunReport) -> None:
    cost: dict[str, float] = defaultdict(float)
    for name, _, seconds in report.steps:
        cost[name.partition("[")[0]] += seconds
    table = make_table("what the run cost")
    table.add_column("step")
    table.add_column("seconds", justify="right")
    for name, seconds in cost.items():
        table.add_row(name, f"{seconds:.1f}")
    if report.finished_at:
        table.add_row("whole run", f"{(report.finished_at - report.started_at).total_seconds():.1f}", style="bold")
    console.print(table)


def _where_next(console: Console, settings: Settings, dates: list[date]) -> None:
    psql = settings.home / "bin" / "psql"
    client = str(psql) if psql.exists() else "psql"
    cvp = settings.home / "venv" / "bin" / "cvp"
    program = str(cvp) if cvp.exists() else "cvp"
    report = report_page(settings.home)
    console.print(f"published nights: {', '.join(str(day) for day in dates)}", highlight=False)
    console.print("look next at:")
    for line in (
        f"tables      \"{client}\" \"$('{program}' warehouse url --role reader)\" -c '\\dt+ published.*'",
        f"validation  {report}",
        f"settings    {settings_file() or 'environment and defaults'}",
        f"guide       {PROJECT / 'README.md'}",
    ):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{float(value):.1%}"


def _number(value: float | Decimal | None) -> str:
    return "" if value is None else f"{float(value):.1f}"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def alerts(console: Console, rows: list[Any], currency: str) -> None:
    """Alerts, one a line."""
    if not rows:
        console.print("no alert")
        return
    table = make_table(f"alerts (margin in {currency})")
    for heading in ("alert", "kind", "customer", "name", "margin at stake", "probability", "opened", "state"):
        table.add_column(heading, justify="right" if heading in ("alert", "margin at stake", "probability") else "left")
    for row in rows:
        table.add_row(
            str(row.alert_id), row.kind, escape(row.customer_id), escape(row.customer_name or ""),
            _amount(row.margin_at_stake), _percent(row.churn_probability), str(row.opened_on), _alert_state(row),
        )  # fmt: skip
    console.print(table)


def _alert_state(row: Any) -> str:
    state = f"closed {row.closed_on}: {row.close_reason}" if row.closed_on else "open"
    if row.true_cause:
        state += f", true cause {row.true_cause} ({escape(row.acknowledged_by)})"
    return f"{state}, muted until {row.muted_until}" if row.muted_until else state


def mails(console: Console, state: MailState) -> None:
    """The outbox, and in red what waits for too long or was refused."""
    doubled = f", {state.possible_duplicates} possibly doubled" if state.possible_duplicates else ""
    console.print(f"mails: {state.sent} sent, {state.waiting} waiting, {len(state.dead)} refused{doubled}")
    for what, rows in (("waits since", state.late), ("refused", state.dead)):
        for row in rows:
            console.print(
                f"  [red]{what}[/red] {row.created_at:%Y-%m-%d %H:%M %Z}: {row.purpose} of {row.as_of_date} to"
                f" {escape(row.recipient)}, {counted(row.attempts, 'attempt')}:"
                f" {escape(row.last_error or 'not tried yet')}",
                highlight=False,
                soft_wrap=True,
            )


def incidents(console: Console, rows: list[tuple[str, date, int]]) -> None:
    """What keeps nights from being published."""
    for signature, since, nights in rows:
        console.print(
            f"[red]incident:[/red] {escape(signature)}, {counted(nights, 'night')} since {since}",
            highlight=False,
            soft_wrap=True,
        )
