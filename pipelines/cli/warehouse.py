"""`cvp warehouse`: the database server and its URLs."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli import render
from pipelines.night.airflow import end_all_dag_runs
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import EMBEDDED_ROLES, warehouse_engine, warehouse_url
from pipelines.warehouse.server import EmbeddedServer

app = typer.Typer(help="The warehouse: start, stop, connection URL.", no_args_is_help=True)


@app.command()
def start() -> None:
    """Start the embedded server (or check your own) and bring the warehouse's tables up to date."""
    settings = get_settings()
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    where = "your own server" if settings.warehouse_url else "the embedded server"
    render.make_console().print(f"warehouse is up on {where}: database {engine.url.database}, port {engine.url.port}")


@app.command()
def stop() -> None:
    """Stop the embedded server. Your own PostgreSQL (WAREHOUSE_URL) is never stopped."""
    stopped = EmbeddedServer(get_settings().home).stop()
    render.make_console().print("the embedded server is stopped" if stopped else "the embedded server was not running")


@app.command()
def destroy() -> None:
    """End what was started here and remove the embedded server's data, every database on it; `make clean` calls it."""
    settings = get_settings()
    end_all_dag_runs(settings)
    EmbeddedServer(settings.home).destroy()


@app.command()
def url(
    role: Annotated[str, typer.Option(help=f"one of {', '.join(EMBEDDED_ROLES)}")] = "owner",
) -> None:
    """Print the connection URL, for `psql`, BI tools and scripts."""
    typer.echo(warehouse_url(get_settings(), role))
