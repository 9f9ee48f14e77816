"""The warehouse's rows against the reference's: every difference with the customer's facts beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.calibration import INDICATORS, Calibration
from tests.reference.facts import cost_coverage, margin, volume
from tests.reference.night import Measured, Night, first_calibration, revenue_12m
from tests.reference.parameters import Row
from tests.reference.pyramid import pyramid, transitions
from tests.reference.record import track_record
from tests.reference.scopes import Scope, own_tier_columns, scope_rows, scope_tiers
from tests.reference.staging import DATED_BY, KEYS, NAMES_A_CUSTOMER, Staged

RELATIVE = 1e-9
# exact arithmetic but for its quotients; scores are floats, in which what should be 0 points is nearly so
ABSOLUTE = 1e-15
ABSOLUTE_OF_SCORES = 1e-9
FACTS_SHOWN = 40


@dataclass(frozen=True)
class Difference:
    """One value that is not the reference's."""

    relation: str
    key: Any
    column: str
    warehouse: object
    reference: object

    def __str__(self) -> str:
        return f"{self.relation} {self.key}: {self.column} is {self.warehouse!r}, the reference says {self.reference!r}"


def is_same(theirs: object, ours: object) -> bool:
    """Nulls exactly, numbers to nine digits, the rest exactly."""
    if theirs is None or ours is None:
        return theirs is ours
    numbers = (int, float, Decimal, Fraction)
    if isinstance(theirs, numbers) and isinstance(ours, numbers) and not isinstance(ours, bool):
        left, right = float(theirs), float(ours)
        least = ABSOLUTE_OF_SCORES if isinstance(theirs, float) else ABSOLUTE
        return abs(left - right) <= max(least, RELATIVE * max(abs(left), abs(right)))
    return theirs == ours


def _shown(value: object) -> object:
    return float(value) if isinstance(value, (Fraction, Decimal)) else value


def differences(
    what: str, theirs: Mapping[Any, Row], ours: Mapping[Any, Row], columns: Iterable[str] | None = None
) -> list[Difference]:
    """Rows that only one side has, and values that differ; both sides by key."""
    found = [Difference(what, key, "row", "absent", "there") for key in ours.keys() - theirs.keys()]
    found += [Difference(what, key, "row", "there", "absent") for key in theirs.keys() - ours.keys()]
    for key in ours.keys() & theirs.keys():
        for column in columns or ours[key]:
            left, right = theirs[key][column], ours[key][column]
            if not is_same(left, right):
                found.append(Difference(what, key, column, _shown(left), _shown(right)))
    return sorted(found, key=str)


def by_key(rows: Iterable[Row], *key: str) -> dict[Any, Row]:
    """Rows by key; raises where a key comes twice."""
    found: dict[Any, Row] = {}
    for row in rows:
        name = row[key[0]] if len(key) == 1 else tuple(row[column] for column in key)
        assert name not in found, f"{name} comes twice"
        found[name] = row
    return found


CONVERTED: dict[str, Row] = {
    "sales_order": {"is_cancelled": False},
    "sales_order_line": {"is_cancelled": False},
    "service_record": {"cost": 0},
    "product": {"is_premium": False},
}
"""What a null stands for in staging."""


def _as_staged(entity: str, row: Row, columns: Iterable[str]) -> Row:
    defaults = {} if row.get("is_inferred") else CONVERTED.get(entity, {})
    return {
        column: defaults.get(column) if row.get(column) is None else row.get(column)
        for column in columns
        if column != "is_premium" or not row.get("is_inferred")
    }


def staging_differences(read: Callable[[str], list[Row]], staged: Staged, as_of: date) -> list[Difference]:
    """The canonical tables, as far as they are dated up to D."""
    found = []
    orders = {row["order_id"]: row["ordered_on"] for row in read("staging.stg_sales_order")}
    invoices = {row["invoice_id"]: row["issued_on"] for row in read("staging.stg_invoice")}

    def exists(entity: str, row: Row) -> bool:
        if entity == "sales_order_line":
            return bool(orders[row["order_id"]] <= as_of)
        if entity == "payment" and invoices[row["invoice_id"]] > as_of:
            return False
        return entity not in DATED_BY or bool(row[DATED_BY[entity]] <= as_of)

    for entity, key in KEYS.items():
        rows = read(f"staging.stg_{entity}")
        columns = list(rows[0]) if rows else []
        theirs = by_key((row for row in rows if exists(entity, row)), *key)
        ours = by_key(
            (_as_staged(entity, row, columns) | {k: row[k] for k in key} for row in staged.rows[entity]), *key
        )
        found += differences(f"stg_{entity}", theirs, ours)
    return found


def indicator_differences(rows: list[Row], measured: Measured) -> list[Difference]:
    """Every indicator of every active customer: `customer_id`, `indicator_id`, `value`."""
    theirs = by_key(rows, "customer_id", "indicator_id")
    ours = {
        (customer, code): {"value": value}
        for customer, values in measured.values.items()
        for code, value in values.items()
    }
    return differences("indicator", theirs, ours)


def point_differences(rows: list[Row], night: Night) -> list[Difference]:
    """Points, effective weight and contribution: what is null has no points, no weight and contributes nothing."""
    theirs = by_key(rows, "customer_id", "indicator_id")
    ours = {}
    for customer, values in night.measured.values.items():
        one = night.scores[customer]
        for code, value in values.items():
            ours[customer, code] = {
                "raw_value": value,
                "points": one.points.get(code),
                "effective_weight": one.effective_weights.get(code, 0.0),
                "contribution": one.contributions.get(code, 0.0),
            }
    return differences("customer_indicator", theirs, ours)


def history_differences(rows: list[Row], night: Night) -> list[Difference]:
    """The wide rows: every indicator under its name, and the score."""
    ours: dict[str, Row] = {
        customer: {INDICATORS[code].name: value for code, value in values.items()}
        | {"value_score": night.scores[customer].value_score}
        for customer, values in night.measured.values.items()
    }
    return differences("customer_indicator_history", by_key(rows, "customer_id"), ours)


def calibration_differences(stored: Calibration, measured: Measured) -> list[Difference]:
    """Reference points and medians of a calibration, made again from the same population and nominal weights."""
    made = first_calibration(measured, stored.weights)
    medians = [
        {"": {"median_current": one.median_current, "median_potential": one.median_potential}} for one in (stored, made)
    ]
    points = [{code: vars(reference) for code, reference in one.references.items()} for one in (stored, made)]
    return differences("calibration", *medians) + differences("reference points", *points)


def change_differences(rows: list[Row], ours: Mapping[tuple[str, str], Row]) -> list[Difference]:
    """The rows of `score_change`, by customer and indicator."""
    return differences("score_change", by_key(rows, "customer_id", "indicator_id"), ours)


def _score_columns(night: Night, customer: str) -> Row:
    names = ("value_score", "current_value_score", "potential_value_score", "value_score_low", "value_score_high")
    one = night.scores.get(customer)
    row: Row = {name: getattr(one, name) if one else None for name in names}
    row["coverage"] = one.coverage if one else None
    row["value_quadrant"] = night.quadrants.get(customer)
    return row | {name: ranks.get(customer) for name, ranks in night.ranks.items()}


def _core_columns(night: Night, customer: str) -> Row:
    """Shares and readings; no share of what sums to 0, and a customer that is not active takes no part."""
    one = night.core.get(customer)
    names = ("is_margin_imputed", "is_core_by_intersection", "is_core_by_top_20")
    row: Row = {name: getattr(one, name) if one else False for name in names}
    for part in ("margin", "volume"):
        is_there = any(getattr(other, f"{part}_share") for other in night.core.values())
        for name in (f"{part}_share", f"cumulative_{part}_share"):
            row[name] = getattr(one, name) if one and is_there else None
    return row


def _facts_columns(night: Night, customer: str) -> Row:
    facts = night.measured.facts
    lines = facts.lines_in(customer, facts.in_12m)
    master = facts.customers[customer]
    return {
        "customer_name": master.get("customer_name"),
        "industry": master.get("industry"),
        "region": master.get("region"),
        "sales_department": master.get("sales_department"),
        "salesperson_id": facts.salesperson_id(customer),
        "account_manager_id": facts.account_manager_id(customer),
        "is_active": customer in night.measured.values,
        "lifecycle_stage": night.lifecycle[customer],
        "revenue_12m": revenue_12m(facts, customer),
        "gross_margin_12m": margin(lines),
        "volume_12m": volume(lines),
        "cost_coverage": cost_coverage(lines),
    }


def expected_customer(night: Night, customer: str) -> Row:
    """The published row of a customer, as far as the method fixes it."""
    tier = night.tiers[customer]
    risk = night.measured.churn[customer]
    return (
        _facts_columns(night, customer)
        | _score_columns(night, customer)
        | _core_columns(night, customer)
        | vars(tier)
        | {
            "churn_probability": risk.probability,
            "churn_status": risk.status,
            "churn_risk_level": risk.level,
            "churn_reasons": ",".join(code for code, _ in night.measured.reasons.get(customer, [])) or None,
        }
    )


def customer_differences(rows: list[Row], night: Night) -> list[Difference]:
    """The rows of `customer_tier`."""
    ours = {customer: expected_customer(night, customer) for customer in night.measured.facts.customers}
    found = []
    theirs = by_key(rows, "customer_id")
    for customer in ours.keys() | theirs.keys():
        mine = {customer: ours[customer]} if customer in ours else {}
        found += differences("customer", {customer: theirs[customer]} if customer in theirs else {}, mine)
    return sorted(found, key=str)


def signal_differences(rows: list[Row], measured: Measured) -> list[Difference]:
    """Every clause of a reason's signal that an active customer shows: `reason_signal`."""
    ours = {
        key: {"severity": one.severity, "as_severe_count": one.as_severe, "strength": one.strength}
        for key, one in measured.signals.items()
    }
    return differences("reason_signal", by_key(rows, "customer_id", "reason_code", "clause"), ours)


def reason_differences(rows: list[Row], measured: Measured) -> list[Difference]:
    """The rows of `churn_reason`, and that each says something whole."""
    ours: dict[Any, Row] = {
        (customer, code): {"reason_rank": rank, "strength": strength}
        for customer, given in measured.reasons.items()
        for rank, (code, strength) in enumerate(given, 1)
    }
    theirs = by_key(rows, "customer_id", "reason_code")
    for key, row in theirs.items():
        for column in ("evidence", "evidence_zh"):
            assert row[column] and not set(row[column]) & set("{}"), (key, row[column])
    return differences("churn_reason", theirs, ours)


def summary_differences(summary: list[Row], moves: list[Row], night: Night) -> list[Difference]:
    """The rows of `tier_summary` and `tier_transition`."""
    found = differences("tier_summary", by_key(summary, "scope", "scope_id", "tier"), pyramid(night))
    return found + differences("tier_transition", by_key(moves, "from_tier", "to_tier"), transitions(night))


def record_differences(rows: list[Row], night: Night) -> list[Difference]:
    """The rows of `churn_track_record`."""
    ours = track_record(night.measured.facts)
    return differences("churn_track_record", by_key(rows, "risk_level", "tier_group"), ours)


def scope_differences(
    tiers: list[Row], summary: list[Row], night: Night, before: Mapping[Scope, Mapping[str, str]]
) -> list[Difference]:
    """The rows of `scope_tier`, and what `tier_summary` counts by them."""
    scoped = scope_tiers(night, before)
    found = differences("scope_tier", by_key(tiers, "scope", "scope_id", "customer_id"), scope_rows(scoped, night))
    theirs = by_key(summary, "scope", "scope_id", "tier")
    ours = {key: row for key, row in own_tier_columns(scoped, night).items() if key in theirs}
    return found + differences("tier_summary", theirs, ours)


def facts_of(measured: Measured, customer: str) -> str:
    """What the reference knows about a customer, for a person who looks for the reason of a difference."""
    rows = measured.staged.rows
    orders = {row["order_id"]: row for row in rows["sales_order"] if row["customer_id"] == customer}
    invoices = {row["invoice_id"] for row in rows["invoice"] if row["customer_id"] == customer}
    told = [("sales_order", row) for row in orders.values()]
    told += [("sales_order_line", row) for row in rows["sales_order_line"] if row["order_id"] in orders]
    told += [("payment", row) for row in rows["payment"] if row["invoice_id"] in invoices]
    for entity in ("customer", *NAMES_A_CUSTOMER):
        told += [(entity, row) for row in rows[entity] if row["customer_id"] == customer and entity != "sales_order"]
    lines = [f"  {entity} { {k: str(_shown(v)) for k, v in row.items() if v is not None} }" for entity, row in told]
    return "\n".join([f"{customer} at {measured.facts.as_of}:", *lines[:FACTS_SHOWN]])


def report(found: list[Difference], measured: Measured, shown: int = 25) -> str:
    """The differences, counted by column, and the facts of the first customers concerned."""
    concerned = {one.key[0] if isinstance(one.key, tuple) else one.key for one in found}
    customers = [name for name in measured.facts.customers if name in concerned]
    counted: dict[str, int] = {}
    for one in found:
        counted[one.column] = counted.get(one.column, 0) + 1
    told = [str(one) for one in found[:shown]] + [facts_of(measured, name) for name in customers[:2]]
    return "\n".join([f"{len(found)} differences {counted}", *told])
