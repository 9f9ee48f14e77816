"""Why a flagged customer may be about to leave: the eight signals, how unusual each is, and which three are given.

A signal is found for every active customer, flagged or not. Exact; a window of days back from D excludes its lower end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.reference import churn
from tests.reference.facts import ZERO, Facts, Line, volume
from tests.reference.parameters import Window

CAUSES = (
    "manager_changed", "competitor_gain", "contact_lapsed", "promises_broken", "customer_contracts",
    "complaint_unresolved",
)  # fmt: skip
FALLBACKS = ("rhythm_broken", "volume_falling")
REASONS_GIVEN = 3
FLAGGED = ("medium", "high")

Severities = Mapping[str, Fraction]
"""Clause of a signal -> how severe it is; only clauses that hold."""


@dataclass(frozen=True)
class Signal:
    """A clause that a customer shows."""

    severity: Fraction
    as_severe: int
    """Active customers whose clause is as severe or more."""
    strength: Fraction


def _days_back(facts: Facts, days: int) -> Window:
    return Window(facts.as_of - timedelta(days=days), facts.as_of)


def manager_changed(facts: Facts, customer: str) -> Severities:
    begun = sorted(
        (row["valid_from_on"], row["account_manager_id"]) for row in facts.of("account_assignment", customer)
    )
    within = _days_back(facts, 180)
    pairs = zip(begun, begun[1:], strict=False)
    changes = sum(day in within and person != before for (_, before), (day, person) in pairs)
    return {"changed": Fraction(changes)} if changes else {}


def _demands(facts: Facts, customer: str) -> tuple[Fraction, Fraction] | None:
    """TD(y) and TD(y-1), where both are estimated."""
    year = facts.demand_year(customer)
    if year is None or (customer, year - 1) not in facts.demand:
        return None
    return facts.demand[customer, year], facts.demand[customer, year - 1]


def _share_fell(facts: Facts, customer: str) -> Fraction | None:
    demands = _demands(facts, customer)
    if demands is None or demands[0] < demands[1]:
        return None
    windows = (facts.in_12m, facts.in_prior_12m)
    now, before = (
        min(Fraction(1), volume(facts.lines_in(customer, within)) / demand)
        for within, demand in zip(windows, demands, strict=True)
    )
    return before - now if before - now >= Fraction(1, 10) else None


def _families(facts: Facts, customer: str) -> dict[str, list[tuple[date, Fraction]]]:
    """Family -> day and quantity of its lines in 24m."""
    found: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
    for line in facts.lines_in(customer, facts.in_24m):
        family = line.product.get("product_family")
        if family is not None:
            found[family].append((line.ordered_on, line.quantity))
    return found


def _family_stopped(facts: Facts, customer: str) -> Fraction | None:
    """The longest silence of a stopped family in its usual gaps, where another one, bought since, goes on."""
    last_bought = []
    for lines in _families(facts, customer).values():
        days = sorted({day for day, _ in lines})
        if len(days) >= 3 and days[-1] in facts.in_12m:
            gaps = [(later - earlier).days for earlier, later in zip(days, days[1:], strict=False)]
            last_bought.append((days[-1], (facts.as_of - days[-1]).days / Fraction(sum(gaps), len(gaps))))
    newest = max((day for day, silence in last_bought if silence < 2), default=None)
    stopped = [silence for day, silence in last_bought if silence >= 2 and newest is not None and day < newest]
    return max(stopped, default=None)


def _held(**clauses: Fraction | None) -> Severities:
    return {name: severity for name, severity in clauses.items() if severity is not None}


def competitor_gain(facts: Facts, customer: str) -> Severities:
    return _held(share_fell=_share_fell(facts, customer), family_stopped=_family_stopped(facts, customer))


def contact_lapsed(facts: Facts, customer: str) -> Severities:
    if not facts.is_supplied("interaction"):
        return {}
    days = [row["occurred_on"] for row in facts.of("interaction", customer)]
    recent, year = (sum(day in within for day in days) for within in (_days_back(facts, 90), facts.in_12m))
    usual = Fraction(year * 90, facts.in_12m.days)
    return {"lapsed": usual - recent} if recent == 0 or recent <= usual / 2 else {}


def _is_on_time(line: Line) -> bool:
    """Whether 95 % of it had arrived by the promised day."""
    arrived = sum((quantity for day, quantity in line.delivered if day <= line.promised_on), ZERO)
    return arrived >= Fraction(95, 100) * line.quantity


def knows_deliveries(facts: Facts) -> bool:
    """Whether a delivery of any line promised in 12m is known; else lateness is not known either."""
    return any(line.delivered and line.promised_on in facts.in_12m for lines in facts.lines.values() for line in lines)


def promises_broken(facts: Facts, customer: str) -> Severities:
    if not knows_deliveries(facts):
        return {}
    promised = facts.lines.get(customer, [])
    recent = [_is_on_time(line) for line in promised if line.promised_on in _days_back(facts, 90)]
    year = [_is_on_time(line) for line in promised if line.promised_on in facts.in_12m]
    if not recent:
        return {}
    rate, rate_12m = Fraction(sum(recent), len(recent)), Fraction(sum(year), len(year))
    floor, fallen = Fraction(85, 100), rate_12m - Fraction(1, 10)
    if rate >= floor and rate > fallen:
        return {}
    return {"late": (max(floor, fallen) - rate) ** 2 * len(recent)}


def customer_contracts(facts: Facts, customer: str) -> Severities:
    demands = _demands(facts, customer)
    fall = None if demands is None else 1 - demands[0] / demands[1]
    volumes = [
        [
            sum((quantity for day, quantity in lines if day in within), ZERO)
            for within in (facts.in_12m, facts.in_prior_12m)
        ]
        for lines in _families(facts, customer).values()
    ]
    down = None
    if len(volumes) >= 2 and all(now < before for now, before in volumes):
        now, before = (sum(column, ZERO) for column in zip(*volumes, strict=True))
        down = 1 - now / before
    return _held(demand_down=fall if fall is not None and fall >= Fraction(1, 5) else None, families_down=down)


def complaint_unresolved(facts: Facts, customer: str) -> Severities:
    records = [row for row in facts.of("service_record", customer) if row["kind"] in ("complaint", "return")]
    open_days = [
        (facts.as_of - row["opened_on"]).days
        for row in records
        if row.get("closed_on") is None or row["closed_on"] > facts.as_of
    ]
    severe = [row for row in records if (row.get("severity") or 0) >= 3 and row["opened_on"] in _days_back(facts, 180)]
    oldest = max(open_days, default=0)
    return _held(
        open=Fraction(oldest) if oldest > 14 else None, severe=Fraction(len(severe)) if len(severe) >= 2 else None
    )


CAUSE_SIGNALS: dict[str, Callable[[Facts, str], Severities]] = {
    "manager_changed": manager_changed,
    "competitor_gain": competitor_gain,
    "contact_lapsed": contact_lapsed,
    "promises_broken": promises_broken,
    "customer_contracts": customer_contracts,
    "complaint_unresolved": complaint_unresolved,
}


def _of_rhythm(feature: churn.Features | None) -> dict[str, Severities]:
    """Compared at 12 decimals, as rhythms and trends are (DECISIONS): a trend near 0 has few digits then."""
    if feature is None:
        return {}
    return {
        "rhythm_broken": {"late": round(feature.rhythm, 12)} if feature.rhythm >= 2 else {},
        "volume_falling": {"less": round(-feature.trend, 12)} if feature.trend < Fraction(1, 2) else {},
    }


def signals_of(facts: Facts) -> dict[tuple[str, str, str], Signal]:
    """(active customer, code, clause) -> the signal."""
    active = [customer for customer in facts.customers if facts.is_active(customer)]
    features = churn.features_at(churn.orders_of(facts), facts.as_of, facts.parameters.churn_horizon_days)
    shown: dict[tuple[str, str], dict[str, Fraction]] = defaultdict(dict)
    for customer in active:
        of_customer = {code: signal(facts, customer) for code, signal in CAUSE_SIGNALS.items()}
        for code, clauses in (of_customer | _of_rhythm(features.get(customer))).items():
            for clause, severity in clauses.items():
                shown[code, clause][customer] = severity
    found = {}
    for (code, clause), severities in shown.items():
        for customer, severity in severities.items():
            as_severe = sum(other >= severity for other in severities.values())
            strength = 1 - Fraction(as_severe, len(active))
            found[customer, code, clause] = Signal(severity, as_severe, strength)
    return found


def reasons_of(
    signals: Mapping[tuple[str, str, str], Signal], risks: Mapping[str, churn.Churn]
) -> dict[str, list[tuple[str, Fraction]]]:
    """Flagged customer -> its reasons and their strengths, strongest first."""
    strongest: dict[str, dict[str, Signal]] = defaultdict(dict)
    for (customer, code, _), signal in signals.items():
        held = strongest[customer].get(code)
        if risks[customer].level in FLAGGED and (held is None or signal.as_severe < held.as_severe):
            strongest[customer][code] = signal
    order = {code: place for place, code in enumerate(CAUSES + FALLBACKS)}
    found = {}
    for customer, by_code in strongest.items():
        causes = [code for code in by_code if code in CAUSES]
        ranked = sorted(causes or by_code, key=lambda code: (by_code[code].as_severe, order[code]))
        found[customer] = [(code, by_code[code].strength) for code in ranked[:REASONS_GIVEN]]
    return {customer: given for customer, given in found.items() if given}
