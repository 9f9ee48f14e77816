"""`cvp night`, `cvp status`, `cvp airflow`: run a night as a real DagRun, watch it, say how it went."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from pipelines import extract
from pipelines.cli import render
from pipelines.night import airflow as airflow_runner
from pipelines.night import ledger, steps, summary
from pipelines.settings import Settings, get_settings
from pipelines.sources.reading import MappingError
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine

DAG = "customer_value_nightly"
POLL_SECONDS = 0.3
EXIT_FAILED, EXIT_USAGE = 1, 2


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2026-06-30") from None


def place_sources(text: str | None) -> list[str] | None:
    """Read `--sources`: mapping names, each optionally with its place (`canonical=/data/folder`).

    A place is put into the environment, where this process and the DagRun's read it.
    """
    if text is None:
        return None
    names = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, has_place, place = part.partition("=")
        if has_place:
            is_path = "://" not in place
            os.environ[f"CVP_SOURCES__{name}"] = str(Path(place).expanduser().resolve()) if is_path else place
        names.append(name)
    get_settings.cache_clear()
    return names


def night(
    as_of: Annotated[str | None, typer.Option(help="evaluated date, YYYY-MM-DD; default: yesterday")] = None,
    to: Annotated[str | None, typer.Option(help="evaluate every date from --as-of to this one, in order")] = None,
    sources: Annotated[
        str | None, typer.Option(help="mappings to read, comma separated; `name=place` also says where it is")
    ] = None,
) -> None:
    """Run a night: pull the sources, score, tier, check and publish, as a DagRun in the foreground."""
    names = place_sources(sources)
    settings = get_settings()
    first = _date(as_of) or steps.business_date_before(datetime.now(UTC), settings)
    try:
        dates = steps.dates_between(first, _date(to) or first)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    console = render.make_console()
    for date_of_night in dates:
        code = run_night(console, settings, date_of_night, names)
        if code != 0:
            raise typer.Exit(code)
    with warehouse_engine(settings).connect() as connection:
        render.night_summary(console, settings, connection)


def run_night(console: Console, settings: Settings, as_of: date, names: list[str] | None) -> int:
    """One DagRun, watched until it ends; 0 where it published, else the exit code. The reason is printed."""
    try:
        steps.require_openable(names)
    except (extract.ExtractionError, MappingError, steps.NightRefused, ledger.RunRefused) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        return EXIT_USAGE
    engine = warehouse_engine(settings)
    with console.status("preparing Airflow"):
        airflow_runner.prepare(settings)
    with engine.connect() as connection:
        since = connection.scalar(sa.text("select clock_timestamp()"))
    log_file = settings.home / "logs" / f"night-{as_of}-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    params = {"as_of_date": as_of.isoformat(), "sources": names}
    console.print(f"[bold]night of {as_of}[/bold]")
    process = airflow_runner.start_dag_run(settings, DAG, params, log_file)
    try:
        run_id = _watch(console, engine, process, since)
    finally:
        # Ctrl-C, or a fault of ours: the run ends with us, and the ledger says so.
        airflow_runner.end_dag_run(settings, process.pid)
        with engine.connect() as connection:
            last_run = summary.latest_run(connection, since)
        status = steps.settle_run(last_run) if last_run else "unknown"
    if status == "published":
        return 0
    render.failure(console, engine, run_id, log_file, status)
    return EXIT_FAILED


def _watch(console: Console, engine: sa.Engine, process: subprocess.Popen[bytes], since: datetime) -> str | None:
    run_id: str | None = None
    shown: set[str] = set()
    with console.status("starting Airflow") as status:
        while True:
            ended = process.poll() is not None
            with engine.connect() as connection:
                run_id = run_id or summary.latest_run(connection, since)
                taken = summary.steps_of(connection, run_id) if run_id else []
            for name, state, seconds in taken:
                if state != "running" and name not in shown:
                    shown.add(name)
                    render.step(console, name, state, seconds)
            running = [name for name, state, _ in taken if state == "running"]
            status.update(", ".join(running) or ("between steps" if taken else "starting Airflow"))
            if ended:
                return run_id
            time.sleep(POLL_SECONDS)


def status() -> None:
    """How the last run went, what is published, who of the core is at risk or lost."""
    settings = get_settings()
    console = render.make_console()
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        run_id = summary.latest_run(connection)
        if run_id is None:
            console.print("no run yet: start one with `cvp night`, or `cvp demo`")
            return
        report = summary.run_report(connection, run_id)
        render.last_run(console, report)
        render.night_summary(console, settings, connection)
    if report.status in ("failed", "aborted"):
        raise typer.Exit(EXIT_FAILED)


def airflow(context: typer.Context) -> None:
    """Run any Airflow command with this instance's settings, for example `cvp airflow dags list`."""
    settings = get_settings()
    airflow_runner.prepare(settings)
    command = airflow_runner.command(*context.args)
    raise typer.Exit(subprocess.run(command, env=airflow_runner.environment(settings), check=False).returncode)
