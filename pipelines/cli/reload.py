"""`cvp sources reload` and `cvp sources backfill`: land rows by hand, without waiting for the night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import render
from pipelines.cli.night import EXIT_FAILED, EXIT_USAGE, place_sources
from pipelines.extract import ExtractionError, ExtractionResult
from pipelines.night import reload as by_hand
from pipelines.night.ledger import RunRefused
from pipelines.settings import Settings, get_settings
from pipelines.sources.reading import MappingError
from pipelines.warehouse.connection import warehouse_engine

SourceName = Annotated[str, typer.Argument(help="mapping name, or `name=place`")]


def reload(source: SourceName, entity: Annotated[str, typer.Argument(help="entity of the data contract")]) -> None:
    """Read one entity whole again and merge it by key, without downtime.

    For a mapping that reads a column anew, or a change marker that is not to be trusted. Rows that the source no longer
    has leave landing for its history; more than `deleted_share_limit` of them are refused.
    """
    _run(source, lambda settings, engine, name: [by_hand.reload_entity(settings, engine, name, entity)])


def backfill(
    source: SourceName,
    first: Annotated[str, typer.Option("--from", help="read what changed since this date, YYYY-MM-DD")],
    entity: Annotated[
        str | None, typer.Argument(help="entity of the data contract; default: all of the source")
    ] = None,
) -> None:
    """Read a source's older history: what changed since a date before the watermark, which never goes back."""
    try:
        day = date.fromisoformat(first)
    except ValueError:
        raise typer.BadParameter(f"{first!r} is no date; write for example 2020-01-01") from None
    entities = [entity] if entity else None
    _run(source, lambda settings, engine, name: by_hand.backfill_source(settings, engine, name, entities, day))


def _run(source: str, land: Callable[[Settings, sa.Engine, str], Sequence[ExtractionResult]]) -> None:
    names = place_sources(source)
    if not names or len(names) != 1:
        raise typer.BadParameter(f"{source!r} is not one source")
    settings = get_settings()
    console = render.make_console()
    try:
        results = land(settings, warehouse_engine(settings), names[0])
    except (RunRefused, MappingError) as error:
        console.print(f"[red]refused:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    except ExtractionError as error:
        console.print(f"[red]failed:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    _show(console, results)


def _show(console: Console, results: Sequence[ExtractionResult]) -> None:
    table = render.make_table("landed")
    headings = ("entity", "read", "landed", "unchanged", "set aside", "deleted", "held", "seconds")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "entity" else "right")
    for result in results:
        counts = (
            result.rows_read, result.rows_landed, result.rows_unchanged, result.rows_rejected, result.rows_deleted,
            result.rows_held,
        )  # fmt: skip
        table.add_row(result.entity, *(f"{count:,}" for count in counts), f"{result.seconds:.1f}")
    console.print(table)
    console.print("published nights stand as they are: the next night, or a replay of past dates, reads these rows")
