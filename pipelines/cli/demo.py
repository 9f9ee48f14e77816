"""`cvp demo`: the demo company, written into two source systems, and its last three nights."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from pipelines import demo as company
from pipelines.alert.mailing import mail_folder
from pipelines.cli import render
from pipelines.cli.night import run_night
from pipelines.settings import Settings, SettingsError, get_settings
from pipelines.transform.dbt import DBT_SCHEMAS
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer, write_private

LAST_DATE = date(2026, 6, 30)
NIGHTS = 3
DATABASE = "demo"
SOURCE_DATABASE = "erp"
SETTINGS = """\
# Written by `cvp demo`: in force while there is no cvp.toml in the project folder and CVP_CONFIG is not set.
warehouse_database = "{database}"
active_sources = ["demo_sales", "demo_service"]
alert_rules = {rules_path}
mail_transport = "file"

[sources]
demo_sales = {sales_url}
demo_service = {service_path}
"""


def demo(
    customers: Annotated[int, typer.Option(help="customers of the demo company, 100 to 100,000")] = 1200,
    lines: Annotated[int, typer.Option(help="order lines, up to 10,000,000")] = 110_000,
) -> None:
    """Build the demo company anew and run its nights for the last three evaluated dates."""
    console = render.make_console()
    settings = _place()
    dates = [LAST_DATE - timedelta(days=back) for back in reversed(range(NIGHTS))]
    sales_url, service_path = settings.sources["demo_sales"], Path(settings.sources["demo_service"])
    owner_url = EmbeddedServer(settings.home).url("erp_owner", SOURCE_DATABASE)
    with console.status(f"writing the demo company: {customers:,} customers, {lines:,} order lines"):
        try:
            size = company.DemoSize(customers=customers, lines=lines)
            report = company.build(owner_url, service_path, size, dates[0])
        except company.DemoError as error:
            raise typer.BadParameter(str(error)) from error
    console.print(f"demo company: {report.describe()}", highlight=False, soft_wrap=True)
    _forget_earlier_demo(settings)
    for number, as_of in enumerate(dates):
        if number:
            passed = company.advance(owner_url, service_path, as_of)
            console.print(f"a day passes: {passed.describe()}", highlight=False, soft_wrap=True)
        code = run_night(console, settings, as_of, None)
        if code != 0:
            raise typer.Exit(code)
    with warehouse_engine(settings).connect() as connection:
        render.night_summary(console, settings, connection)
    console.print(f"the sources: {sales_url.rsplit('@', 1)[-1]} and {service_path}", highlight=False, soft_wrap=True)


def _place() -> Settings:
    """Fresh databases for the demo's warehouse and sales system, and the settings file that names them."""
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
    rules_path = Path(company.__file__).parent / "alert_rules.yml"
    places = {
        "sales_url": json.dumps(sales_url), "service_path": json.dumps(str(service_path)),
        "rules_path": json.dumps(str(rules_path)),
    }  # fmt: skip
    shutil.rmtree(mail_folder(get_settings()), ignore_errors=True)
    text = SETTINGS.format(database=DATABASE, **places)
    write_private(file, text)
    # This process and the DagRuns that it starts run the demo, whatever settings file the project folder has.
    os.environ["CVP_CONFIG"] = str(file)
    get_settings.cache_clear()
    return get_settings()


def _forget_earlier_demo(settings: Settings) -> None:
    """Empty a warehouse of one's own (WAREHOUSE_URL) that holds an earlier demo; raises where it holds another's."""
    engine = warehouse_engine(settings)
    with engine.begin() as connection:
        if connection.scalar(sa.text("select to_regclass('control.run')")) is None:
            return
        rows = connection.execute(sa.text("select distinct unnest(source_systems) from control.run"))
        if foreign := {row[0] for row in rows} - set(settings.sources):
            raise SettingsError(
                f"the warehouse {engine.url.render_as_string()} holds nights of {', '.join(sorted(foreign))}:"
                " let WAREHOUSE_URL name an empty database for the demo"
            )
        for schema in (*migrations.OWN_SCHEMAS, *DBT_SCHEMAS):
            connection.execute(sa.schema.DropSchema(schema, cascade=True, if_exists=True))
