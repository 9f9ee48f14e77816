"""The demo company: five years of a steel supplier's life, generated into two source systems.

Nobody's data: everything here is drawn by numpy from one seed, the same bytes every time, without a clock.

**The systems.** The sales system is a PostgreSQL database in the manner of a grown ERP: schemas `md`, `mm`, `sd`,
`fi`; order heads `sd.vbak` and items `sd.vbap`, goods issued `sd.lips`, invoices `fi.vbrk`, payments `fi.zahlung`,
contracts `sd.vbkk`/`sd.vbkp`, exchange rates `fi.tcurr`; weights in kilograms, four currencies, status codes, and a
naive local change stamp `aedat` in every table. The service system is a SQLite file: `Ticket`, `SurveyAnswer`,
`Activity`, `AccountOwner`, `MarketPotential`, `JointProject`; its own account codes, dates as text, money in fen.

**The company.** 1,200 customers and about 110,000 order lines by default, up to 100,000 and 10 million. Sizes are
heavy-tailed (the top fifth brings about four fifths of the revenue); eight industries with season and business cycle,
nine regions, eight product families; growing, shrinking, pausing and new customers; late and partial payers; loss
makers; lines and customers without cost; names in Chinese and English. Orders follow each customer's own rhythm, more
or less regular.

**Who leaves.** Customers leave for the six causes of churn.md; each leaves its traces from the day it starts to work:
another account manager, a family lost to a competitor, nobody calls any more, deliveries break their promises, the
customer's own demand shrinks, a grave complaint stays open. Others show the same traces and stay. What was decided
stands in `demo_truth.customer_fate` of the sales database and is delivered by no mapping.

**What is wrong in it.** A handful of rows break the data contract, a few facts name a customer, product, order or
invoice that does not exist, some order heads arrive a day after their items (`flaws`, `masters`, `sales`).

**Time.** The life runs from 2021-07-01 to 2026-12-31, the history that the size speaks of to 2026-06-30. `build`
writes what is known at the end of a day; `advance` lets days pass: new rows come, others change (cancelled, cleared,
closed, renamed, prolonged), each with its change stamp. A company moved on equals one built later.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from pipelines.demo import sales_system, service_system
from pipelines.demo.company import DemoSize, Known, make_world, sales_tables, service_tables, truth_table
from pipelines.demo.timeline import LIFE_ENDS_ON, LIFE_STARTS_ON, day_number, end_of

__all__ = ["SEED", "DemoError", "DemoSize", "DemoSummary", "advance", "build", "known_until"]

logger = logging.getLogger(__name__)

SEED = 20_260_630
BEFORE_ALL = 0
FEWEST_CUSTOMERS, MOST_CUSTOMERS, MOST_LINES = 100, 100_000, 10_000_000


class DemoError(Exception):
    """The demo company cannot be made or moved on; the message says why and what to do."""


@dataclass(frozen=True)
class DemoSummary:
    """`rows`: table -> rows written by this call (sales tables as schema.table); `until`: the day now known."""

    until: date
    rows: dict[str, int]

    def describe(self) -> str:
        """One line for a person."""
        written = {table: count for table, count in self.rows.items() if count}
        if not written:
            return f"nothing to write, both systems are known until the end of {self.until}"
        return f"{sum(written.values()):,} rows in {len(written)} tables, known until the end of {self.until}"


def _check_day(until: date) -> None:
    if not LIFE_STARTS_ON <= until <= LIFE_ENDS_ON:
        raise DemoError(f"the demo company lives from {LIFE_STARTS_ON} to {LIFE_ENDS_ON}; {until} lies outside")


def _check_size(size: DemoSize) -> None:
    if not FEWEST_CUSTOMERS <= size.customers <= MOST_CUSTOMERS or not size.customers <= size.lines <= MOST_LINES:
        raise DemoError(
            f"the demo company has {FEWEST_CUSTOMERS:,} to {MOST_CUSTOMERS:,} customers, and order lines from as many "
            f"as customers to {MOST_LINES:,}; not {size.customers:,} and {size.lines:,}"
        )


def build(sales_url: str, service_path: Path, size: DemoSize, until: date, seed: int = SEED) -> DemoSummary:
    """Make both source systems as they stand at the end of the day `until`; a demo company there is replaced.

    Raises DemoError for a day outside the company's life, a size out of bounds, or a database that others use.
    """
    _check_day(until)
    _check_size(size)
    logger.info("generating %s customers and about %s order lines", size.customers, size.lines)
    world = make_world(size, seed)
    instant = end_of(day_number(until))
    service_path.unlink(missing_ok=True)
    with psycopg.connect(sales_url) as connection:
        try:
            sales_system.create_schemas(connection, Known(size, seed, until))
        except psycopg.errors.DuplicateSchema as error:
            raise DemoError(f"the sales database is not empty ({error}); give the demo one of its own") from None
        rows = sales_system.fill(connection, sales_tables(world, BEFORE_ALL, instant))
        sales_system.write_truth(connection, truth_table(world))
        sales_system.add_keys(connection)
    logger.info("sales system written: %s rows", sum(rows.values()))
    known = Known(size, seed, until)
    rows |= service_system.create_file(service_path, known, service_tables(world, BEFORE_ALL, instant))
    logger.info("both systems written: %s rows", sum(rows.values()))
    return DemoSummary(until, rows)


def advance(sales_url: str, service_path: Path, to: date) -> DemoSummary:
    """Let time pass in both systems up to the end of the day `to`; days that have passed already change nothing.

    Each system moves in one transaction of its own; after a crash between them the same call finishes the work.
    Raises DemoError where no demo company stands, or `to` lies outside its life.
    """
    _check_day(to)
    instant = end_of(day_number(to))
    rows: dict[str, int] = {}
    with psycopg.connect(sales_url) as connection:
        sales, service = sales_system.read_known(connection), service_system.read_known(service_path)
        if sales is None or service is None or (sales.size, sales.seed) != (service.size, service.seed):
            raise DemoError("there is no demo company to move on: build it first")
        if min(sales.until, service.until) >= to:
            return DemoSummary(min(sales.until, service.until), rows)
        world = make_world(sales.size, sales.seed)
        if sales.until < to:
            rows |= sales_system.merge(connection, sales_tables(world, end_of(day_number(sales.until)), instant))
            sales_system.note_known(connection, to)
    if service.until < to:
        rows |= service_system.merge(
            service_path, to, service_tables(world, end_of(day_number(service.until)), instant)
        )
    return DemoSummary(to, rows)


def known_until(sales_url: str, service_path: Path) -> date | None:
    """The day up to which both systems are known; None where there is no demo company, or one system is not its."""
    with psycopg.connect(sales_url) as connection:
        sales = sales_system.read_known(connection)
    service = service_system.read_known(service_path)
    if sales is None or service is None or (sales.size, sales.seed) != (service.size, service.seed):
        return None
    return min(sales.until, service.until)
