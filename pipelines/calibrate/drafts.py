"""A calibration version as rows: weighed sets and reference points, written into `control` or an evaluation's aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa

from pipelines.calibrate import population
from pipelines.calibrate.judgement_sets import JudgementSet
from pipelines.calibrate.objective import LEAST_CUSTOMERS, Blend, blend_tree
from pipelines.calibrate.population import ReferencePoints
from pipelines.calibrate.tree import WeighedNode, judged_weights, nominal_weights
from pipelines.indicators import Indicator
from pipelines.warehouse.calibration_schema import CALIBRATION, CALIBRATION_INDICATOR, CALIBRATION_JUDGEMENT_SET

METHOD = (
    "Weights: analytic hierarchy process, principal eigenvector of the pairwise judgements, dimension > group >"
    " indicator. Points: linear between the 5th and the 95th percentile of the active customers' values (minimum and"
    " maximum where these coincide or nine tenths hold one value), after asinh(x / median of |x|) where the indicator"
    " says asinh. Quadrants: medians of the active customers' current and potential score."
)
BLENDED = (
    " Blended inside each node with objective weights ({method}) of the active customers' points: in proportion to"
    " judged^0.7 x objective^0.3."
)
OBJECTIVES = {"none": "", "critic": "CRITIC", "entropy": "entropy"}


class CalibrationError(Exception):
    """No calibration can be made, compared or activated; the message says why."""


@dataclass(frozen=True)
class Draft:
    """A version without its number: columns of `control.calibration`, of its sets and of its indicators."""

    header: Mapping[str, object]
    sets: Sequence[Mapping[str, object]]
    indicators: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Making:
    """What a version is made of: who makes it and why, the population, the judgements, the reference points."""

    author: str
    reason: str
    population_date: date
    population_customers: int
    indicators: Sequence[Indicator]
    sets: Sequence[JudgementSet]
    references: Mapping[str, ReferencePoints]


def measure(
    connection: sa.Connection, as_of: date, indicators: Sequence[Indicator], prefix: str = ""
) -> tuple[int, dict[str, ReferencePoints]]:
    """The evaluated population's size and reference points; `prefix` is that of an evaluation aside.

    Raises:
        CalibrationError: nobody is active.
    """
    customers = population.active_customers(connection, prefix)
    if customers == 0:
        raise CalibrationError(
            f"no customer is active on {as_of}: nothing to calibrate on. Evaluate a date with orders in the active"
            " window before it, or look at landing.sales_order_line"
        )
    return customers, population.reference_points(connection, indicators, prefix)


def judged_draft(making: Making) -> Draft:
    """The version by the judgements alone."""
    blends: list[Blend | None] = [None] * len(making.sets)
    return _draft(making, blends, "none", None)


def blended_draft(making: Making, points: Mapping[str, population.Array], method: str) -> Draft:
    """The version with objective weights blended in; by the judgements alone, and saying so, where too few are active.

    `points`: indicator id -> points of the active customers, NaN where null. The objective weights are those of the
    whole population in every set.
    """
    if making.population_customers < LEAST_CUSTOMERS:
        note = (
            f"{OBJECTIVES[method]} left out: {making.population_customers} active customers, {LEAST_CUSTOMERS} needed;"
            " the judgements weigh alone"
        )
        return _draft(making, [None] * len(making.sets), "none", note)
    blends = [
        blend_tree({name: node.weights for name, node in one.nodes.items()}, points, method) for one in making.sets
    ]
    unheard = sorted({name for blend in blends for name in blend.unheard})
    note = f"kept at their judged weight, for the population tells nothing of them: {', '.join(unheard)}"
    return _draft(making, blends, method, note if unheard else None)


def _draft(making: Making, blends: Sequence[Blend | None], method: str, note: str | None) -> Draft:
    is_blended = any(blend is not None for blend in blends)
    header = {
        "population_date": making.population_date,
        "population_customers": making.population_customers,
        "author": making.author,
        "reason": making.reason,
        "method": METHOD + (BLENDED.format(method=OBJECTIVES[method]) if is_blended else ""),
        "objective": method,
        "notes": note,
    }
    sets, rows = [], []
    for position, (judged, blend) in enumerate(zip(making.sets, blends, strict=True), 1):
        sets.append(_set_row(position, judged, blend))
        rows += _indicator_rows(making, judged, blend)
    return Draft(header, sets, rows)


def _set_row(position: int, judged: JudgementSet, blend: Blend | None) -> dict[str, object]:
    return {
        "judgement_set": judged.name,
        "position": position,
        "name_en": judged.name_en,
        "name_zh": judged.name_zh,
        "reason": judged.reason,
        "rule": {column: list(values) for column, values in judged.rule.items()},
        "judgements": _stored(judged.nodes.values(), blend),
    }


def _stored(nodes: Iterable[WeighedNode], blend: Blend | None) -> dict[str, object]:
    return {
        node.node: {
            "weights": dict(node.weights),
            "consistency_ratio": node.consistency_ratio,
            "judgements": [judgement.model_dump() for judgement in node.judgements],
        }
        | ({"objective": blend.objective[node.node], "blended": blend.shares[node.node]} if blend else {})
        for node in nodes
    }


def _indicator_rows(making: Making, judged: JudgementSet, blend: Blend | None) -> list[dict[str, object]]:
    by_judgement = judged_weights(judged.nodes, making.indicators)
    nominal = nominal_weights(blend.shares, making.indicators) if blend else by_judgement
    objective = nominal_weights(blend.objective, making.indicators) if blend else {}
    return [
        {
            "judgement_set": judged.name,
            "indicator_id": one.indicator_id,
            "dimension": one.dimension,
            "indicator_group": one.group,
            "nominal_weight": nominal[one.indicator_id],
            "judged_weight": by_judgement[one.indicator_id] if blend else None,
            "objective_weight": objective.get(one.indicator_id),
            "transform": one.scale,
            "higher_is_better": one.higher_is_better,
            **asdict(making.references[one.indicator_id]),
        }
        for one in making.indicators
    ]


def next_version(connection: sa.Connection) -> int:
    """The number of the version that is made next."""
    return 1 + (connection.scalar(sa.select(sa.func.max(CALIBRATION.c.version))) or 0)


def write_draft(
    connection: sa.Connection, version: int, draft: Draft, medians: tuple[float, float] | None = None
) -> None:
    """Write a version; without medians it is unfinished and nothing applies it."""
    current, potential = medians or (None, None)
    header = {**draft.header, "version": version, "made_at": sa.func.clock_timestamp()}
    scores = {"median_current_score": current, "median_potential_score": potential}
    connection.execute(sa.insert(CALIBRATION).values(header | scores))
    connection.execute(sa.insert(CALIBRATION_JUDGEMENT_SET), [{"version": version, **row} for row in draft.sets])
    connection.execute(sa.insert(CALIBRATION_INDICATOR), [{"version": version, **row} for row in draft.indicators])


def require_medians(connection: sa.Connection, version: int, prefix: str = "") -> tuple[float, float]:
    """Medians of the scores that stand under the version.

    Raises:
        CalibrationError: nobody has a score in one of the dimensions.
    """
    current, potential = population.score_medians(connection, prefix)
    if current is None or potential is None:
        raise CalibrationError(
            f"calibration {version}: nobody has a {'current' if current is None else 'potential'} score; weigh an"
            " indicator of that dimension that somebody has a value of"
        )
    return current, potential
