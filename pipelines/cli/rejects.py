"""`cvp rejects`: the rows that were set aside, by reason, one by one, or a single one whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import render
from pipelines.cli.night import EXIT_FAILED
from pipelines.counting import counted
from pipelines.extract.lines import EXPRESSION_COLUMNS
from pipelines.extract.rejections import Filter, count_by_reason, list_rejected, rejected_with_key, shown_key
from pipelines.settings import get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine


def rejects(
    source: Annotated[str | None, typer.Option(help="of this source system only")] = None,
    entity: Annotated[str | None, typer.Option(help="of this entity only, for example sales_order_line")] = None,
    limit: Annotated[int, typer.Option(min=1, help="rows to list, those rejected last first")] = 20,
    row: Annotated[
        str | None, typer.Option(help="show the row with this key as it was delivered; parts of a key joined by /")
    ] = None,
) -> None:
    """List the rows that break the data contract: they wait in landing.landing_rejected until the source mends them."""
    engine = warehouse_engine(get_settings())
    migrations.upgrade(engine)
    console = render.make_console()
    chosen = Filter(source, entity)
    with engine.connect() as connection:
        if row is not None:
            _show_row(console, connection, chosen, row)
        else:
            _show_list(console, connection, chosen, limit)


def _show_list(console: Console, connection: sa.Connection, chosen: Filter, limit: int) -> None:
    reasons = count_by_reason(connection, chosen)
    if not reasons:
        console.print("no row is set aside")
        return
    total = sum(item.row_count for item in reasons)
    summary = render.make_table(f"{counted(total, 'row')} {'is' if total == 1 else 'are'} set aside")
    for heading in ("rows", "source", "entity", "reason", "first seen", "last seen"):
        summary.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for item in reasons:
        summary.add_row(
            f"{item.row_count:,}", escape(item.source_system), item.entity, escape(item.reason),
            _when(item.first_rejected_at), _when(item.last_rejected_at),
        )  # fmt: skip
    console.print(summary)
    rows = render.make_table("those rejected last")
    for heading in ("source", "entity", "key", "reason", "first seen", "last seen"):
        rows.add_column(heading, overflow="fold")
    for item in list_rejected(connection, chosen, limit):
        rows.add_row(
            escape(item.source_system), item.entity, escape(_key(item.key)), escape(item.reason),
            _when(item.first_rejected_at), _when(item.last_rejected_at),
        )  # fmt: skip
    console.print(rows)
    console.print("a row as it was delivered: cvp rejects --row KEY", highlight=False)


def _show_row(console: Console, connection: sa.Connection, chosen: Filter, key: str) -> None:
    found = rejected_with_key(connection, chosen, key)
    if not found:
        console.print(f"no row with key {escape(key)} is set aside", highlight=False)
        raise typer.Exit(EXIT_FAILED)
    for item in found:
        console.print(
            f"[bold]{escape(item.source_system)}.{item.entity} {escape(_key(item.key))}[/bold]: {escape(item.reason)}"
            f" (first seen {_when(item.first_rejected_at)}, last {_when(item.last_rejected_at)}, run"
            f" {escape(item.run_id)})",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        table = render.make_table("")
        table.add_column("column")
        table.add_column("as delivered", overflow="fold")
        for name, value in _delivered(item.row):
            table.add_row(escape(name), "[dim]null[/dim]" if value is None else escape(_shown(value)))
        console.print(table)


def _delivered(row: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The columns of a row set aside; below one with an expression the source columns that this reads."""
    reads = row.get(EXPRESSION_COLUMNS, {})
    for name, value in row.items():
        if name in reads:
            yield f"{name} (by its expression)", value
            yield from ((f"  {column}", text) for column, text in reads[name].items())
        elif name != EXPRESSION_COLUMNS:
            yield name, value


def _key(key: str) -> str:
    return shown_key(key) or "(none)"


def _when(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _shown(value: object) -> str:
    """Blanks and control characters must be seen: they are often why a row was set aside."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = json.dumps(text, ensure_ascii=False)
    return shown if text != text.strip() or text == "" or "\\" in shown else text
