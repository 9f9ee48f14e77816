"""Tier support of a night: read from the scores and tiers that stand, written to `control.tier_support`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import psycopg
import sqlalchemy as sa

from pipelines.trust.scores import Floats, Integers, Population, Scorer, Tree
from pipelines.trust.sensitivity import NONE, Flips, smallest_flips
from pipelines.trust.support import tier_support
from pipelines.trust.tiering import Contributions, Scheme, core_members, raw_positions

log = logging.getLogger(__name__)

MIDDLE = 0.5

# In the order of the ids' bytes, as everything here is.
_CUSTOMERS = """
    select
        shared.customer_id,
        coalesce(cast(shared.margin_share as double precision), 0) as margin_share,
        coalesce(cast(shared.volume_share as double precision), 0) as volume_share,
        shared.may_be_core,
        place.raw_position
    from {prefix}tiers.scope_share as shared
    inner join {prefix}tiers.scope_place as place
        on shared.customer_id = place.customer_id and place.scope = 'company'
    where shared.scope = 'company'
    order by shared.customer_id collate "C"
"""
_INDICATORS = """
    select distinct indicator_id collate "C" as indicator_id, dimension, indicator_group
    from {prefix}scores.score_indicator
    inner join {prefix}scores.score_calibration using (indicator_id, dimension)
    order by indicator_id
"""
# Two numbers a row, in binary: three million rows take seconds and 80 MB.
_CELLS = """
    copy (
        select coalesce(points, 'NaN'), nominal_weight from {prefix}scores.score_indicator
        order by customer_id collate "C", indicator_id collate "C"
    ) to stdout (format binary)
"""
_CELL = np.dtype([("fields", ">i2"), ("length_1", ">i4"), ("points", ">f8"), ("length_2", ">i4"), ("weight", ">f8")])
_COPY_HEADER, _COPY_TRAILER = 19, 2
_SCHEME = """
    select scheme.position, scheme.tier, scheme.basis, scheme.share
    from {prefix}rules.tier_scheme as scheme
    inner join {prefix}control.night as night on scheme.scheme = night.tier_scheme
    order by scheme.position
"""


class TrustError(Exception):
    """The tiers that stand are not what this rule makes of the scores that stand; nothing was written."""


@dataclass(frozen=True)
class Standing:
    """The evaluated night's population as it stands in the schemas `{prefix}scores`, `{prefix}tiers`."""

    customers: list[str]
    indicators: list[str]
    population: Population
    shares: Contributions
    scheme: Scheme
    raw: Integers


def measure_tier_support(engine: sa.Engine, run_id: str, prefix: str = "") -> int:
    """Measure every active customer's tier support and nearest flip; the number of customers.

    `prefix` is that of an evaluation aside. Safe to run again.

    Raises:
        TrustError: without any perturbation the rule does not give the tiers that stand.
    """
    with engine.connect() as connection:
        standing = read_standing(connection, prefix)
    if standing is None:
        support, flips = np.zeros(0), Flips.none(0)
    else:
        support, flips = measure(standing)
    rows = _rows(standing, support, flips, run_id)
    columns = "customer_id, run_id, tier_support, flip_indicator_id, flip_weight_from, flip_weight_to, flip_tier"
    with engine.begin() as connection:
        connection.execute(sa.text(f"truncate {prefix}control.tier_support"))
        into = f"copy {prefix}control.tier_support ({columns}) from stdin"
        with _driver(connection).cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute(sa.text(f"analyze {prefix}control.tier_support"))
    log.info("tier support of %d customers measured", len(rows))
    return len(rows)


def measure(standing: Standing) -> tuple[Floats, Flips]:
    """Support and nearest flip of every customer that stands; raises TrustError as above."""
    scorer = Scorer(standing.population)
    is_core = core_members(standing.shares, MIDDLE, standing.scheme.core_line)
    scores = scorer.scores(standing.population.weights[:, None, :])[:, 0]
    again = raw_positions(scores, is_core, standing.scheme)
    if (again != standing.raw).any():
        wrong = [standing.customers[row] for row in np.flatnonzero(again != standing.raw)[:5]]
        raise TrustError(
            f"the raw tiers of {int((again != standing.raw).sum())} customers are not what their scores and shares"
            f" give ({', '.join(wrong)}): this is a fault of ours, in pipelines/trust or in the models of scores, tiers"
        )
    support = tier_support(scorer, standing.shares, standing.scheme, standing.raw)
    return support, smallest_flips(scorer, is_core, standing.scheme, standing.raw)


def read_standing(connection: sa.Connection, prefix: str = "") -> Standing | None:
    """What stands; None where nobody is active."""
    customers = connection.execute(sa.text(_CUSTOMERS.format(prefix=prefix))).all()
    if not customers:
        return None
    indicators = connection.execute(sa.text(_INDICATORS.format(prefix=prefix))).all()
    points, weights = _cells(connection, prefix, len(customers), len(indicators))
    sets, set_of = np.unique(weights, axis=0, return_inverse=True)
    return Standing(
        customers=[row.customer_id for row in customers],
        indicators=[row.indicator_id for row in indicators],
        population=Population(points, sets, set_of.ravel(), _tree(indicators)),
        shares=Contributions(
            np.array([row.margin_share for row in customers]),
            np.array([row.volume_share for row in customers]),
            np.array([row.may_be_core for row in customers], dtype=bool),
        ),
        scheme=_scheme(connection, prefix),
        raw=np.array([row.raw_position for row in customers], dtype=np.intp),
    )


def _driver(connection: sa.Connection) -> psycopg.Connection[object]:
    driver: psycopg.Connection[object] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


def _cells(connection: sa.Connection, prefix: str, customers: int, indicators: int) -> tuple[Floats, Floats]:
    """customers x indicators points and nominal weights."""
    connection.execute(sa.text("set local work_mem = '256MB'"))
    with _driver(connection).cursor() as cursor, cursor.copy(_CELLS.format(prefix=prefix)) as copy:
        data = b"".join(bytes(block) for block in copy)
    cells = np.frombuffer(data[_COPY_HEADER : len(data) - _COPY_TRAILER], dtype=_CELL)
    if len(cells) != customers * indicators:
        raise TrustError(
            f"{len(cells)} scored indicators of {customers} customers are not {indicators} for each: build scores again"
        )
    shape = (customers, indicators)
    return cells["points"].astype(float).reshape(shape), cells["weight"].astype(float).reshape(shape)


def _tree(indicators: object) -> Tree:
    found: dict[str, dict[str, list[int]]] = {}
    for position, row in enumerate(indicators):  # type: ignore[arg-type, var-annotated]
        found.setdefault(row.dimension, {}).setdefault(row.indicator_group, []).append(position)
    return Tree(tuple(tuple(tuple(group) for group in groups.values()) for groups in found.values()))


def _scheme(connection: sa.Connection, prefix: str) -> Scheme:
    rows = connection.execute(sa.text(_SCHEME.format(prefix=prefix))).all()
    (core,) = [row for row in rows if row.basis == "prefix"]
    return Scheme(
        names={row.position: row.tier for row in rows},
        core_position=core.position,
        core_line=float(core.share),
        best=tuple((row.position, Decimal(str(row.share))) for row in rows if row.basis == "best"),
        last_position=rows[-1].position,
    )


def _rows(standing: Standing | None, support: Floats, flips: Flips, run_id: str) -> list[tuple[object, ...]]:
    if standing is None:
        return []
    rows: list[tuple[object, ...]] = []
    for row, customer in enumerate(standing.customers):
        flip: tuple[object, ...] = (None, None, None, None)
        if flips.indicator[row] != NONE:
            flip = (
                standing.indicators[flips.indicator[row]], float(flips.weight_from[row]), float(flips.weight_to[row]),
                standing.scheme.names[int(flips.position[row])],
            )  # fmt: skip
        rows.append((customer, run_id, float(support[row]), *flip))
    return rows
