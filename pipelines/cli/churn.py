"""`cvp churn`: the trained models beside the table of cells."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.markup import escape
from rich.table import Table

from pipelines import evaluate, risk
from pipelines.cli import render
from pipelines.risk import choices
from pipelines.risk.backtest_charts import NAMES
from pipelines.risk.backtest_report import MEASURES
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.schema import CHURN_MODEL

app = typer.Typer(help="Churn models: train, list, put in force.", no_args_is_help=True)
EXIT_FAILED, EXIT_USAGE = 1, 2


def _warehouse() -> sa.Engine:
    engine = warehouse_engine(get_settings())
    migrations.upgrade(engine)
    return engine


@app.command()
def train() -> None:
    """Train both models on the newest published night, try them beside the table of cells, decide; as each month."""
    console = render.make_console()
    try:
        with console.status("training"):
            training = risk.train(get_settings(), _warehouse())
    except (risk.NothingPublished, evaluate.AsideBusy) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    console.print(f"as of {training.as_of}: {escape(training.decision)}", highlight=False, soft_wrap=True)


@app.command()
def models() -> None:
    """The trained models, newest first: their figures on slices that they had not seen, and what was decided."""
    console = render.make_console()
    with _warehouse().connect() as connection:
        rows = connection.execute(sa.select(CHURN_MODEL).order_by(CHURN_MODEL.c.version.desc())).all()
        newest = max((row.trained_as_of for row in rows), default=None)
        choice = choices.choice_for(connection, newest + timedelta(days=1)) if newest else None
    in_force = "the table of cells" if choice is None or choice.version is None else f"model {choice.version}"
    reason = f" since {choice.active_from_on}, by {choice.author}: {choice.reason}" if choice else ""
    console.print(f"in force: [bold]{in_force}[/bold]{escape(reason)}", highlight=False, soft_wrap=True)
    if rows:
        console.print(_table(rows))
    for row in rows:
        console.print(f"model {row.version}: {escape(row.decision)}", highlight=False, soft_wrap=True)


def _table(rows: Any) -> Table:
    table = Table(title="figures on slices not seen (the table of cells on the same slices)", title_justify="left")
    for heading in ("model", "kind", "as of", "learnt slices", *MEASURES.values()):
        table.add_column(heading)
    for row in rows:
        own, cells = row.figures["own"], row.figures["cells"]
        figures = [f"{_number(own[one][0])} ({_number(cells[one][0])})" for one in MEASURES]
        window = f"{row.first_slice_on} to {row.last_slice_on}"
        table.add_row(str(row.version), NAMES[row.kind], str(row.trained_as_of), window, *figures)
    return table


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


@app.command()
def use(
    version: Annotated[str, typer.Argument(help="a version of `cvp churn models`, `cells`, or `automatic`")],
    author: Annotated[str, typer.Option(help="who decides")],
    reason: Annotated[str, typer.Option(help="why, in words")],
) -> None:
    """Put a model (or the table of cells) in force from the day after the newest night on; training leaves it alone.

    `automatic` gives the decision back to the monthly training, which begins from the table of cells.
    """
    console = render.make_console()
    if version not in (choices.CELLS, choices.AUTOMATIC) and not version.isdigit():
        raise typer.BadParameter(f"{version!r} is no version: write a number, `cells` or `automatic`")
    number = int(version) if version.isdigit() else None
    decided_by = choices.TRAINING if version == choices.AUTOMATIC else author
    why = f"{author}: {reason}" if version == choices.AUTOMATIC else reason
    if version != choices.AUTOMATIC and author == choices.TRAINING:
        raise typer.BadParameter(f"{choices.TRAINING!r} is what the monthly training signs with: give a person's name")
    try:
        with _warehouse().begin() as connection:
            night = risk.published_night(connection)
            active_from = risk.night_date(night) + timedelta(days=1)
            choices.choose(connection, number, active_from, decided_by, why)
    except (choices.ChoiceRefused, risk.NothingPublished) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    in_force = f"model {number}" if number is not None else "the table of cells"
    console.print(f"{in_force} is in force from the night of {active_from} on", highlight=False)
