"""`cvp demo`: the demo company, written into two source systems, and its last three nights."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from rich.console import Console

from pipelines import demo as company
from pipelines.cli import render
from pipelines.cli.night import run_night
from pipelines.settings import Settings, get_settings
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer

LAST_DATE = date(2026, 6, 30)
NIGHTS = 3
DATABASE = "demo"
SOURCE_DATABASE = "erp"
SETTINGS = """\
# Written by `cvp demo`: in force while there is no cvp.toml in the project folder and CVP_CONFIG is not set.
warehouse_database = "{database}"
active_sources = ["demo_sales", "demo_service"]

[sources]
demo_sales = {sales_url}
demo_service = {service_path}
"""


def demo(
    customers: Annotated[int, typer.Option(help="customers of the demo company, 100 to 100,000")] = 1200,
    lines: Annotated[int, typer.Option(help="order lines, up to 10,000,000")] = 110_000,
) -> None:
    """Build the demo company anew and run its nights for the last three evaluated dates."""
    console = Console()
    settings = _place(customers)
    dates = [LAST_DATE - timedelta(days=back) for back in reversed(range(NIGHTS))]
    sales_url, service_path = settings.sources["demo_sales"], Path(settings.sources["demo_service"])
    owner_url = EmbeddedServer(settings.home).url("erp_owner", SOURCE_DATABASE)
    with console.status(f"writing the demo company: {customers:,} customers, {lines:,} order lines"):
        size = company.DemoSize(customers=customers, lines=lines)
        report = company.build(owner_url, service_path, size, dates[0])
    console.print(f"demo company: {_describe(report)}", highlight=False, soft_wrap=True)
    _let_read(settings)
    for number, as_of in enumerate(dates):
        if number:
            passed = company.advance(owner_url, service_path, as_of)
            console.print(f"a day passes: {_describe(passed)}", highlight=False, soft_wrap=True)
        code = run_night(console, settings, as_of, None)
        if code != 0:
            raise typer.Exit(code)
    with warehouse_engine(settings).connect() as connection:
        render.night_summary(console, settings, connection)
    console.print(f"the sources: {sales_url.rsplit('@', 1)[-1]} and {service_path}", highlight=False, soft_wrap=True)


def _describe(report: company.DemoSummary) -> str:
    rows = sum(report.rows.values())
    return f"{rows:,} rows in {len(report.rows)} tables of two systems, known until the end of {report.until}"


def _place(customers: int) -> Settings:
    """Fresh databases for the demo's warehouse and sales system, and the settings file that names them."""
    if not 100 <= customers <= 100_000:
        raise typer.BadParameter("between 100 and 100,000 customers")
    home = get_settings().home
    server = EmbeddedServer(home)
    server.start()
    for database, owner in ((DATABASE, "cvp_owner"), (SOURCE_DATABASE, "erp_owner")):
        server.drop_database(database)
        server.ensure_database(database, owner)
    service_path = home / "demo" / "service.sqlite"
    service_path.parent.mkdir(parents=True, exist_ok=True)
    service_path.unlink(missing_ok=True)
    sales_url = server.url("erp_reader", SOURCE_DATABASE)
    file = home / "demo.toml"
    # A JSON string is a TOML basic string: quotes and backslashes of a path are escaped.
    places = {"sales_url": json.dumps(sales_url), "service_path": json.dumps(str(service_path))}
    text = SETTINGS.format(database=DATABASE, **places)
    file.touch(0o600)
    file.write_text(text, "utf-8")
    get_settings.cache_clear()
    return get_settings()


def _let_read(settings: Settings) -> None:
    """The pipeline reads the sales system as a role that can only read."""
    with psycopg.connect(
        EmbeddedServer(settings.home).url("erp_owner", SOURCE_DATABASE), autocommit=True
    ) as connection:
        schemas = connection.execute(
            "select nspname from pg_namespace where nspname not like 'pg\\_%' and nspname <> 'information_schema'"
        ).fetchall()
        for (name,) in schemas:
            schema = sql.Identifier(name)
            connection.execute(sql.SQL("grant usage on schema {} to erp_reader").format(schema))
            connection.execute(sql.SQL("grant select on all tables in schema {} to erp_reader").format(schema))
