"""Two nights compared, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from pipelines.cli.render import make_table
from pipelines.explain import wording
from pipelines.explain.nights import Move, NightDifference


def difference(console: Console, found: NightDifference, limit: int, currency: str) -> None:
    """A summary, how many went which way, then the moves, those with most margin first."""
    ups = [move for move in found.moves if move.is_up]
    downs = [move for move in found.moves if not move.is_up]
    console.print(
        f"[bold]from {found.first} to {found.last}[/bold]: {len(ups)} up, {len(downs)} down;"
        f" {len(found.entries)} entered, {len(found.exits)} are gone,"
        f" {len(found.activated)} became active, {len(found.lapsed)} ceased to be",
        highlight=False,
    )
    margin_up, margin_down = (wording.amount(sum(move.margin for move in moves)) for moves in (ups, downs))
    console.print(
        f"margin of 12 months that moved: {margin_up} {currency} up, {margin_down} {currency} down", highlight=False
    )
    if found.has_other_calibration:
        console.print("[yellow]the two nights are scored by different calibrations[/yellow]: scores moved with them")
    _transitions(console, found, currency)
    _moves(console, f"up, {len(ups)}", ups[:limit])
    _moves(console, f"down, {len(downs)}", downs[:limit])
    for title, rows in (
        ("entered", found.entries), ("gone", found.exits), ("became active", found.activated),
        ("ceased to be active", found.lapsed),
    ):  # fmt: skip
        _customers(console, title, rows, limit)


def _transitions(console: Console, found: NightDifference, currency: str) -> None:
    table = make_table(f"customers, and their margin of 12 months ({currency})")
    table.add_column("from")
    goals = [*found.scheme, *sorted({to for _, to in found.transitions} - set(found.scheme))]
    starts = [*goals, *sorted({start for start, _ in found.transitions} - set(goals))]
    for goal in goals:
        table.add_column(f"to {goal}", justify="right")
    for start in starts:
        cells = [found.transitions.get((start, goal)) for goal in goals]
        if any(cells):
            table.add_row(start, *(f"{cell[0]:,}  {wording.amount(cell[1])}" if cell else "" for cell in cells))
    console.print(table)


def _moves(console: Console, title: str, moves: Sequence[Move]) -> None:
    if not moves:
        return
    table = make_table(title)
    for heading in ("customer", "from", "to", "margin 12m", "score", "what did most of it"):
        is_number = heading in ("margin 12m", "score")
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number)
    for move in moves:
        scores = " to ".join(wording.number(row["value_score"]) for row in (move.before, move.after))
        drivers = [f"{one.indicator_id} {one.name_en} {wording.signed(one.change)}" for one in move.drivers]
        table.add_row(
            escape(f"{move.after['customer_id']} {move.after['customer_name'] or ''}"), escape(move.before["tier"]),
            escape(move.after["tier"]), wording.amount(move.after["gross_margin_12m"]), scores,
            escape("; ".join([*drivers, *filter(None, [move.because])])),
        )  # fmt: skip
    console.print(table)


def _customers(console: Console, title: str, rows: Sequence[Mapping[str, Any]], limit: int) -> None:
    if not rows:
        return
    names = [f"{row['customer_id']} {row['customer_name'] or ''} ({row['tier']})" for row in rows[:limit]]
    more = f" and {len(rows) - limit} more" if len(rows) > limit else ""
    console.print(f"[bold]{title}[/bold]: {escape(', '.join(names))}{more}", highlight=False)
