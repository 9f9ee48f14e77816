"""`cvp sources`: check the connected systems before a night, write a first mapping for a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import render
from pipelines.cli.night import EXIT_FAILED, EXIT_USAGE, place_sources
from pipelines.connect.check import check_source, check_together
from pipelines.connect.findings import EntityReport, Finding, Severity, SourceReport
from pipelines.connect.scaffold import ScaffoldError, default_name
from pipelines.connect.scaffold import scaffold as write_scaffold
from pipelines.counting import counted
from pipelines.settings import Settings, get_settings
from pipelines.sources.reading import MappingError

app = typer.Typer(help="The source systems: check what is connected, begin a mapping.", no_args_is_help=True)
REASONS_SHOWN = 3


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="mappings to check, `name=place` also says where it is; default: those of the night"),
    ] = None,
) -> None:
    """Connect to the sources, compare them with their mappings and the data contract, and sample every entity.

    Nothing is written, neither at the sources nor in the warehouse. Exit code 1 where the night would stop or its
    numbers would be wrong; every such finding names file, line and cure.
    """
    placed = place_sources(",".join(names)) if names else None
    settings = get_settings()
    console = render.make_console()
    chosen = placed or settings.night_sources
    if not chosen:
        console.print("no source is configured: place one in the settings (`sources`), or name one: NAME=PLACE")
        raise typer.Exit(EXIT_USAGE)
    reports, refused = _checked(console, settings, chosen)
    if not names and not refused:
        check_together(settings, reports)
    for report in reports:
        _show(console, report)
    if refused or any(report.has_errors for report in reports):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def scaffold(
    url: Annotated[
        str,
        typer.Argument(
            help="database URL, SQLite or DuckDB file, folder of CSV or Parquet files, or the name of a placed source"
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="the source system's name; default: from --out, or from the URL")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write, NAME.yml; default: print it")] = None,
) -> None:
    """Look at a source and write a first mapping: guesses marked as guesses, what nobody can guess marked FILL_IN."""
    settings = get_settings()
    placed = settings.sources.get(url)
    chosen = name or (out.stem if out else url if placed else default_name(url))
    errors = Console(stderr=True)
    if out is not None and (out.exists() or out.stem != chosen):
        what = "exists already" if out.exists() else f"must be named {chosen}.yml, as the source system"
        errors.print(f"[red]refused:[/red] {escape(str(out))} {what}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE)
    try:
        written = write_scaffold(settings, placed or url, chosen)
    except ScaffoldError as error:
        errors.print(f"[red]failed:[/red] {escape(chosen)} {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    if out is None:
        typer.echo(written.text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(written.text, encoding="utf-8")
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}; name another place by --out"
        errors.print(f"[red]refused:[/red] {escape(message)}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_USAGE) from error
    console = render.make_console()
    entities, gaps = counted(written.entities, "entity", "entities"), counted(written.gaps, "place")
    console.print(
        f"{out}: {entities} guessed, {gaps} to fill in (FILL_IN)", highlight=False, soft_wrap=True, markup=False
    )
    place = (
        ""
        if chosen in settings.sources
        else f"say where it is (CVP_SOURCES__{chosen}=..., or `sources` in cvp.toml), and "
    )
    console.print(
        f"next: {place}say in which folder the file lies (mapping_folders); then cvp sources check {chosen}",
        highlight=False, soft_wrap=True, markup=False,
    )  # fmt: skip


def _checked(console: Console, settings: Settings, names: list[str]) -> tuple[list[SourceReport], bool]:
    reports, refused = [], False
    for name in names:
        try:
            with console.status(f"checking {name}"):
                reports.append(check_source(settings, name))
        except MappingError as error:
            refused = True
            for line in str(error).splitlines():
                console.print(f"[red]error[/red] {escape(line)}", highlight=False, soft_wrap=True)
    return reports, refused


def _show(console: Console, report: SourceReport) -> None:
    table = render.make_table(f"{report.source_system} ({report.file.name})")
    for heading in ("entity", "from", "rows", "sampled", "set aside", "changed a night"):
        left = heading in ("entity", "from")
        table.add_column(heading, justify="left" if left else "right", overflow="fold")
    for entity in report.entities:
        rejected = ", ".join(f"{count} x {escape(reason)}" for reason, count in _worst(entity))
        table.add_row(
            entity.entity, escape(entity.origin), _count(entity.rows), _count(entity.sampled), rejected or "0",
            _changes(entity),
        )  # fmt: skip
    console.print(table)
    for finding in sorted(report.findings, key=lambda item: (item.severity is not Severity.ERROR, item.line)):
        console.print(_line(finding), highlight=False, soft_wrap=True)


def _worst(entity: EntityReport) -> list[tuple[str, int]]:
    return list(entity.set_aside.items())[:REASONS_SHOWN]


def _changes(entity: EntityReport) -> str:
    if entity.rows_changed is None:
        return "not known" if entity.rows else ""
    at_most = f", at most {entity.rows_changed_at_most:,}" if entity.rows_changed_at_most is not None else " (all)"
    return f"{entity.rows_changed:,.0f}{at_most}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _line(finding: Finding) -> str:
    colour = "red" if finding.severity is Severity.ERROR else "yellow"
    return f"[{colour}]{finding.severity.value}[/{colour}] {escape(str(finding))}"
