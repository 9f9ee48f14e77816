"""The demo company: five years of a steel supplier's life, generated."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from pipelines.demo import sales_system, service_system
from pipelines.demo.company import DemoSize, make_world, sales_tables, service_tables, truth_table
from pipelines.demo.timeline import LIFE_ENDS_ON, LIFE_STARTS_ON, day_number, end_of

__all__ = ["SEED", "DemoError", "DemoSize", "DemoSummary", "advance", "build", "known_until"]

logger = logging.getLogger(__name__)

SEED = 20_260_630
BEFORE_ALL = 0


class DemoError(Exception):
    """The demo company cannot be made or moved on; the message says why and what to do."""


@dataclass(frozen=True)
class DemoSummary:
    """`rows`: table -> rows written by this call (sales tables as schema.table); `until`: the day now known."""

    until: date
    rows: dict[str, int]


def _check_day(until: date) -> None:
    if not LIFE_STARTS_ON <= until <= LIFE_ENDS_ON:
        raise DemoError(f"the demo company lives from {LIFE_STARTS_ON} to {LIFE_ENDS_ON}; {until} lies outside")


def build(sales_url: str, service_path: Path, size: DemoSize, until: date, seed: int = SEED) -> DemoSummary:
    """Make both source systems as they stand at the end of the day `until`; a demo company there is replaced.

    Raises DemoError for a day outside the company's life or a size too small (under 100 customers).
    """
    _check_day(until)
    if size.customers < 100 or size.lines < size.customers:
        raise DemoError("the demo company needs at least 100 customers and as many order lines")
    logger.info("generating %s customers and about %s order lines", size.customers, size.lines)
    world = make_world(size, seed)
    instant = end_of(day_number(until))
    with psycopg.connect(sales_url) as connection:
        sales_system.create_schemas(connection, size, seed, until)
        rows = sales_system.fill(connection, sales_tables(world, BEFORE_ALL, instant))
        sales_system.write_truth(connection, truth_table(world))
        sales_system.add_keys(connection)
    rows |= service_system.create_file(service_path, size, seed, until, service_tables(world, BEFORE_ALL, instant))
    return DemoSummary(until, rows)


def advance(sales_url: str, service_path: Path, to: date) -> DemoSummary:
    """Let time pass in both systems up to the end of the day `to`; days that have passed already change nothing.

    Raises DemoError where no demo company stands, or `to` lies outside its life.
    """
    _check_day(to)
    instant = end_of(day_number(to))
    rows: dict[str, int] = {}
    with psycopg.connect(sales_url) as connection:
        known = sales_system.read_known(connection)
        service_known = service_system.known_until(service_path)
        if known is None or service_known is None:
            raise DemoError("there is no demo company to move on: build it first")
        if min(known.until, service_known) >= to:
            return DemoSummary(to, rows)
        world = make_world(known.size, known.seed)
        if known.until < to:
            rows |= sales_system.merge(connection, sales_tables(world, end_of(day_number(known.until)), instant))
            sales_system.note_known(connection, to)
    if service_known < to:
        rows |= service_system.merge(
            service_path, to, service_tables(world, end_of(day_number(service_known)), instant)
        )
    return DemoSummary(to, rows)


def known_until(sales_url: str, service_path: Path) -> date | None:
    """The day up to which both systems are known; None where there is no demo company."""
    with psycopg.connect(sales_url) as connection:
        known = sales_system.read_known(connection)
    service_known = service_system.known_until(service_path)
    return min(known.until, service_known) if known and service_known else None
