"""The benchmark's tables: what was measured, beside the target, met or missed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.render import make_table
from tests.bench.pulls import Pull
from tests.bench.rivals import Rival

MEMORY_MB = 400
POSTGRES_SHARE, OTHER_SHARE = 0.45, 0.25
WARM_SHARE, COLD_SHARE = 0.10, 0.30


def verdict(is_met: bool) -> str:
    """Met or missed, in colour."""
    return "[green]met[/green]" if is_met else "[red]missed[/red]"


def _table(title: str, *headings: str) -> Table:
    table = make_table(title)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table


def _spread(seconds: Sequence[float]) -> str:
    return f"{min(seconds):.2f}-{max(seconds):.2f}"


def first_pulls(
    console: Console, lines: int, copied: dict[str, list[float]], ours: dict[str, list[Pull]], rivals: Sequence[Rival]
) -> None:
    """All first pulls beside the limit; `copied`: psql's seconds, the limit first."""
    limit = median(next(iter(copied.values())))
    rounds = len(next(iter(copied.values())))
    table = _table(
        f"first full pull of {lines:,} order lines (medians of {rounds} alternated runs)",
        "what", "seconds", "from-to", "rows/s", "ratio", "target", "", "peak MB", "",
    )  # fmt: skip
    for name, seconds in copied.items():
        took = median(seconds)
        table.add_row(name, f"{took:.2f}", _spread(seconds), f"{lines / took:,.0f}", f"{limit / took:.2f}")
    for name, pulls in ours.items():
        seconds = [one.seconds for one in pulls]
        took, peak = median(seconds), max(one.peak_mb for one in pulls)
        target = POSTGRES_SHARE if name == "postgres" else OTHER_SHARE
        table.add_row(
            f"ours from {name}", f"{took:.2f}", _spread(seconds), f"{lines / took:,.0f}", f"{limit / took:.2f}",
            f">= {target:.2f}", verdict(limit / took >= target), f"{peak:.0f}", verdict(peak <= MEMORY_MB),
        )  # fmt: skip
    for rival in rivals:
        _rival(table, rival, lines, limit)
    console.print(table)
    for rival in rivals:
        if rival.left_out is not None:
            console.print(f"[yellow]{rival.name} is left out:[/yellow] {escape(rival.left_out)}", highlight=False)
    pulls = [one for of_source in ours.values() for one in of_source]
    imports = max(one.start_mb for one in pulls)
    console.print(
        f"ratio: the seconds of the first row by those of this one. Ours: the night's step `extract_source` with the"
        f" key, history, watermark and account, every amount compared with the source afterwards; memory of its own"
        f" process (VmHWM, target <= {MEMORY_MB} MB), of which {imports:.0f} MB before anything is read (imports)."
        " ~: extrapolated in proportion from fewer rows.",
        highlight=False,
    )


def _rival(table: Table, rival: Rival, lines: int, limit: float) -> None:
    if rival.left_out is not None:
        table.add_row(rival.name, "left out")
        return
    took = rival.seconds * lines / rival.rows
    is_whole = rival.rows == lines
    mark, note = ("", "") if is_whole else ("~", f"{rival.rows:,} rows")
    table.add_row(
        rival.name, f"{mark}{took:.1f}", note, f"{rival.rows / rival.seconds:,.0f}", f"{mark}{limit / took:.3f}"
    )


def later_nights(
    console: Console, changed: int, first: Pull, nights: Sequence[tuple[str, float | None, Pull]], notes: Sequence[str]
) -> None:
    """Later nights; each with its name and its target, if it has one, as a share of the first pull's seconds."""
    table = _table(
        f"later nights; one of 1 % changes {changed:,} lines, half of them recent, half scattered (from PostgreSQL)",
        "what", "seconds", "share of the first pull", "target", "", "peak MB", "",
    )  # fmt: skip
    table.add_row("first full pull", f"{first.seconds:.2f}", "100 %", "", "", f"{first.peak_mb:.0f}")
    for name, target, pull in nights:
        share = pull.seconds / first.seconds
        table.add_row(
            name, f"{pull.seconds:.2f}", f"{share:.1%}", f"<= {target:.0%}" if target else "",
            verdict(share <= target) if target else "",
            f"{pull.peak_mb:.0f}", verdict(pull.peak_mb <= MEMORY_MB),
        )  # fmt: skip
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)


def entities(console: Console, lines: int, one_after_other: Sequence[Pull], side_by_side: Sequence[Pull]) -> None:
    """Two entities of one source, by one process and by two."""
    table = _table(
        f"two entities of one PostgreSQL source, {lines:,} lines and {lines:,} deliveries",
        "what", "seconds", "from-to", "ratio", "peak MB",
    )  # fmt: skip
    base = median(one.seconds for one in one_after_other)
    rows = (
        ("one after the other (as a night does)", one_after_other, 1),
        ("side by side, a process each", side_by_side, 2),
    )
    for name, pulls, processes in rows:
        seconds = [one.seconds for one in pulls]
        peak = f"{max(one.peak_mb for one in pulls):.0f}" + (f" x {processes}" if processes > 1 else "")
        table.add_row(name, f"{median(seconds):.2f}", _spread(seconds), f"{base / median(seconds):.2f}", peak)
    console.print(table)
