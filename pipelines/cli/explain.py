"""`cvp explain`: one customer's profile card. `cvp diff`: what changed between two published nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import render, render_card, render_nights
from pipelines.cli.night import EXIT_USAGE
from pipelines.explain.card import read_card
from pipelines.explain.customers import CustomerAmbiguous, CustomerNotFound, Named, find_customer
from pipelines.explain.lines import tier_scheme
from pipelines.explain.nights import compare_nights
from pipelines.explain.page import card_page
from pipelines.explain.scored import NotPublished, newest_night, require_published
from pipelines.settings import get_settings
from pipelines.warehouse.connection import warehouse_engine


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write for example 2026-06-30") from None


def explain(
    customer: Annotated[str, typer.Argument(help="its id, or a part of its name that no other has")],
    as_of: Annotated[str | None, typer.Option(help="published night, YYYY-MM-DD; default: the newest")] = None,
    html: Annotated[Path | None, typer.Option(help="write the card to this file, as one HTML page, too")] = None,
) -> None:
    """Show why a customer's score is what it is: its place, the thirty indicators, what is missing, peers, history."""
    settings = get_settings()
    console = render.make_console()
    day = _day(as_of) if as_of else None
    with warehouse_engine(settings).connect() as connection:
        try:
            night = day or newest_night(connection)
            require_published(connection, night)
            found = find_customer(connection, night, customer)
        except NotPublished as error:
            _refuse(console, str(error))
        except CustomerAmbiguous as error:
            more = f"and {error.count - len(error.found)} more" if error.count > len(error.found) else ""
            _refuse(console, f"{error}; name one of them:", error.found, more)
        except CustomerNotFound as error:
            _refuse(console, f"{error}{'; nearest are:' if error.nearest else ''}", error.nearest)
        card = read_card(connection, settings, night, found)
        scheme = tier_scheme(connection, night)
    if html is not None:
        try:
            html.write_text(card_page(card, scheme), "utf-8")
        except OSError as error:
            _refuse(console, f"{html} cannot be written: {error.strerror}")
    # after the page: whoever reads the terminal's card may stop in the middle (`| head`)
    render_card.card(console, card, scheme)
    if html is not None:
        console.print(f"written to {html.resolve()}", highlight=False, soft_wrap=True)


def diff(
    first: Annotated[str, typer.Argument(metavar="D1", help="published night, YYYY-MM-DD")],
    last: Annotated[str, typer.Argument(metavar="D2", help="a later published night")],
    limit: Annotated[int, typer.Option(min=1, help="rows a list shows, those with most margin first")] = 20,
) -> None:
    """Show who moved between tiers from one published night to another, and the two indicators that did most of it."""
    settings = get_settings()
    console = render.make_console()
    with warehouse_engine(settings).connect() as connection:
        try:
            difference = compare_nights(connection, settings, _day(first), _day(last))
        except (NotPublished, ValueError) as error:
            _refuse(console, str(error))
    render_nights.difference(console, difference, limit, settings.reporting_currency)


def _refuse(console: Console, why: str, customers: Sequence[Named] = (), more: str = "") -> NoReturn:
    console.print(f"[red]refused:[/red] {escape(why)}", highlight=False, soft_wrap=True)
    for one in customers:
        console.print(f"  {escape(one.customer_id)}  {escape(one.customer_name or '')}", highlight=False)
    if more:
        console.print(f"  {more}", highlight=False)
    raise typer.Exit(EXIT_USAGE)
