"""The company as a whole: its world made from size and seed, and the tables of both systems at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.demo import flaws, fulfilment, markets, masters, relations, sales, service_desk
from pipelines.demo.catalogue import make_catalogue, material_table
from pipelines.demo.fates import CAUSES, NO_CAUSE, STAYS, make_fates, with_regular_leavers
from pipelines.demo.population import customer_numbers, make_population
from pipelines.demo.rhythm import make_levels, make_orders
from pipelines.demo.rows import Batch, encoded
from pipelines.demo.sales import PART, World
from pipelines.demo.timeline import DAY, HISTORY_END, LIFE_START, NEVER, NULL, Array

NO_CAUSE_NAME = "no_cause"
FATE_NAMES = encoded((*CAUSES, NO_CAUSE_NAME, ""))


@dataclass(frozen=True)
class DemoSize:
    """How many customers, and about how many order lines up to `timeline.HISTORY_ENDS_ON`."""

    customers: int = 1_200
    lines: int = 110_000


@dataclass(frozen=True)
class Known:
    """What a generated system says of itself: what it was made from, and up to which day it is known."""

    size: DemoSize
    seed: int
    until: date


def make_world(size: DemoSize, seed: int) -> World:
    """Everything that is decided before the first order line is written."""
    people = make_population(seed, size.customers)
    fates = make_fates(seed, people)
    people = with_regular_leavers(people, fates)
    levels = make_levels(seed, people, fates)
    cost, price = markets.steel_index(seed)
    return World(
        seed=seed,
        people=people,
        fates=fates,
        levels=levels,
        orders=make_orders(seed, people, fates, levels, size.lines),
        catalogue=make_catalogue(seed),
        cost_index=cost,
        price_index=price,
        rates=markets.daily_rates(seed),
    )


def _usual_weight(world: World) -> Array:
    """Kilograms a year each customer would buy from us without any cause at work, (customers, months)."""
    years = (HISTORY_END + 1 - np.maximum(world.people.enters, LIFE_START)) / 365.25
    gone = np.minimum(world.fates.leaves, HISTORY_END) - np.maximum(world.people.enters, LIFE_START)
    present = np.clip(np.minimum(years, gone / 365.25), 0.5, None)
    counted = world.orders.customer[world.orders.day <= HISTORY_END]
    a_year = np.bincount(counted, minlength=world.people.count) / present
    return masters.yearly_weight(world.people, world.levels, a_year)


def sales_tables(world: World, after: int, until: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """(table, columns) of all rows of the sales system that appeared or changed in (after, until], in pieces."""
    seed, people, fates = world.seed, world.people, world.fates
    heads, items = masters.contract_tables(seed, people, fates, _usual_weight(world), until)
    small = {
        "kna1": masters.customer_table(seed, people, fates, until),
        "mara": material_table(seed, world.catalogue, until),
        "tcurr": markets.rate_table(seed),
        "vbkk": heads,
        "vbkp": items,
    }
    for table, batch in [*small.items(), *flaws.sales_flaws(world).items()]:
        yield table, batch.between(after, until)
    days = world.orders.day
    first = int(np.searchsorted(days, after // DAY - fulfilment.LOOK_BACK))
    last = int(np.searchsorted(days, until // DAY, side="right"))
    for part in range(first // PART, -(-last // PART)):
        for table, batch in _part_tables(world, part, until):
            yield table, batch.between(after, until)


def _part_tables(world: World, number: int, until: int) -> Iterator[tuple[str, Batch]]:
    part = sales.make_part(world, number)
    shipments = fulfilment.make_shipments(world, part)
    bills = fulfilment.make_bills(world, part, shipments)
    yield "vbak", sales.order_heads(world, part, bills.completed, until)
    yield "vbap", sales.order_lines(part, until)
    yield "lips", fulfilment.delivery_items(world, part, shipments, until)
    yield "vbrk", fulfilment.invoices(world, part, bills, until)
    yield "zahlung", fulfilment.incoming_payments(world, part, bills, until)


def service_tables(world: World, after: int, until: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """(table, columns) of all rows of the CRM that appeared or changed in (after, until]."""
    seed, people, fates = world.seed, world.people, world.fates
    tables = {
        "Ticket": service_desk.ticket_table(seed, people, fates, world.orders, until),
        "SurveyAnswer": relations.survey_table(seed, people, fates),
        "Activity": relations.activity_table(seed, people, fates),
        "AccountOwner": relations.owner_table(seed, people, fates, until),
        "MarketPotential": relations.potential_table(seed, people, fates, _usual_weight(world), until),
        "JointProject": relations.project_table(seed, people, fates, until),
    }
    for table, batch in [*tables.items(), *flaws.service_flaws(world).items()]:
        yield table, batch.between(after, until)


def truth_table(world: World) -> dict[str, Array]:
    """One row per customer: its cause of leaving, since when it shows, and the day from which it orders nothing."""
    fates = world.fates
    cause = np.where(fates.cause == STAYS, NO_CAUSE + 1, fates.cause)
    return {
        "kunnr": customer_numbers(np.arange(world.people.count)),
        "cause": FATE_NAMES[cause],
        "shows_from": np.where(fates.decided == NEVER, NULL, fates.decided),
        "gone_from": np.where(fates.leaves == NEVER, NULL, fates.leaves),
        "pauses_on": np.where(fates.pauses == NEVER, NULL, fates.pauses),
        "resumes_on": np.where(fates.resumes == NEVER, NULL, fates.resumes),
    }
