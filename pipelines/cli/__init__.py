"""`cvp`, the one command line: nights, their state, the warehouse, the demo company."""

from __future__ import annotations

import logging
import signal
import sys

import typer
from rich.console import Console

from pipelines.cli import (
    alerts,
    backtest,
    calibration,
    churn,
    demo,
    demo_causes,
    explain,
    hysteresis,
    night,
    overrides,
    rejects,
    reload,
    replay,
    sources,
    warehouse,
    watch,
)
from pipelines.settings import SettingsError, get_settings

app = typer.Typer(
    help="The customer value pipeline: what each business customer is worth, night by night.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("night")(night.night)
app.command("status")(night.status)
app.command("airflow", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(night.airflow)
app.command("explain")(explain.explain)
app.command("diff")(explain.diff)
app.command("replay")(replay.replay)
app.command("hysteresis")(hysteresis.hysteresis)
app.add_typer(overrides.app, name="overrides")
app.command("rejects")(rejects.rejects)
sources.app.command("reload")(reload.reload)
sources.app.command("backfill")(reload.backfill)
app.add_typer(sources.app, name="sources")
app.add_typer(churn.app, name="churn")
app.add_typer(calibration.app, name="calibration")
app.command("backtest")(backtest.backtest)
app.add_typer(warehouse.app, name="warehouse")
app.add_typer(alerts.app, name="alerts")
app.command("watch")(watch.watch)
app.command("demo")(demo.demo)
app.command("demo-causes")(demo_causes.demo_causes)


def main() -> None:
    """Entry point: settings faults end with their cure and exit code 2, never with a traceback."""
    # Names are in Chinese and English whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    # Being told to stop ends a night as Ctrl-C does: the DagRun too, and the ledger says so.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("pipelines").setLevel(get_settings().log_level)
        app()
    except SettingsError as error:
        Console(stderr=True).print(f"[red]settings:[/red] {error}", markup=True, highlight=False)
        raise SystemExit(2) from error
