"""How often a churn reason is right, measured on the demo company, whose true causes are known.

Past dates are evaluated aside over what the demo's warehouse holds; what the generator decided is read from
`demo_truth.customer_fate`, which no mapping delivers. At a date a customer *is leaving* from the day on which its cause
starts to show until it has been gone for the churn horizon; it *stays* when it never leaves in the company's whole
life. Who will leave but shows nothing yet, and who is long gone, is neither and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa

from pipelines import evaluate
from pipelines.demo.company import NO_CAUSE_NAME
from pipelines.demo.fates import CAUSES
from pipelines.settings import Settings

NEEDED = ("reason_signal", "reason_customer", "churn_customer")
OBSERVED = """
    select
        customer.customer_id,
        customer.churn_risk_level in ('medium', 'high') as is_flagged,
        given.reasons,
        shown.signals
    from {customer} as customer
    left join (
        select customer_id, array_agg(reason_code order by reason_rank) as reasons from {given} group by customer_id
    ) as given on customer.customer_id = given.customer_id
    left join (
        select customer_id, array_agg(distinct reason_code) as signals from {signal} group by customer_id
    ) as shown on customer.customer_id = shown.customer_id
    where customer.churn_risk_level is not null
"""


@dataclass(frozen=True)
class Fate:
    """What was decided about a customer: why it leaves (None: it stays), since when that shows, when it is gone."""

    cause: str | None
    shows_from: date | None = None
    gone_from: date | None = None

    def is_leaving(self, day: date, horizon_days: int) -> bool:
        """Whether its cause is at work on the day, or it has gone and nobody can be sure yet."""
        if self.shows_from is None or self.gone_from is None:
            return False
        return self.shows_from <= day < self.gone_from + timedelta(days=horizon_days)


@dataclass(frozen=True)
class Observation:
    """An active customer on an evaluated date: the reasons given, strongest first, and every signal that it shows."""

    as_of: date
    customer_id: str
    is_flagged: bool
    reasons: tuple[str, ...]
    signals: frozenset[str]


@dataclass(frozen=True)
class CodeFigures:
    """One code. A customer counts once, on the first date on which it was flagged while it was leaving, or stayed.

    `leaving`: flagged customers that leave for the code's cause; `found`: of them, given the code; `found_first`: given
    it as the first reason. `given`: flagged customers given the code; `given_leaving`: of them, leaving for whatever
    cause. `flagged`: all flagged customers; `flagged_leaving`: of them, leaving for whatever
    cause. Recall is found / leaving, precision found / given.
    Of those that stay, over all dates: `stayer_dates` customers and dates, `shown` of them with the signal, flagged or
    not, `alarmed` flagged and given the code.
    """

    code: str
    leaving: int
    found: int
    found_first: int
    given: int
    given_leaving: int
    flagged: int
    flagged_leaving: int
    stayer_dates: int
    shown: int
    alarmed: int


def cause_told_by(code: str) -> str:
    """The fate that makes a code right: its own cause; for the fallbacks, that there is none."""
    return code if code in CAUSES else NO_CAUSE_NAME


def first_flagged(
    observations: Iterable[Observation], fates: Mapping[str, Fate], horizon_days: int
) -> dict[str, Observation]:
    """Customer -> its first flagged observation while it was leaving, or at all where it stays."""
    found: dict[str, Observation] = {}
    for one in sorted(observations, key=lambda one: one.as_of):
        fate = fates[one.customer_id]
        counts = fate.cause is None or fate.is_leaving(one.as_of, horizon_days)
        if one.is_flagged and counts and one.customer_id not in found:
            found[one.customer_id] = one
    return found


def figures_of(
    observations: Sequence[Observation], fates: Mapping[str, Fate], codes: Sequence[str], horizon_days: int
) -> list[CodeFigures]:
    """The figures of every code, in the order given."""
    first = first_flagged(observations, fates, horizon_days)
    staying = [one for one in observations if fates[one.customer_id].cause is None]
    found = []
    for code in codes:
        given = {name for name, one in first.items() if code in one.reasons}
        leaving = {name for name in first if fates[name].cause == cause_told_by(code)}
        found.append(
            CodeFigures(
                code=code,
                leaving=len(leaving),
                found=len(leaving & given),
                found_first=sum(first[name].reasons[0] == code for name in leaving & given),
                given=len(given),
                given_leaving=sum(fates[name].cause is not None for name in given),
                flagged=len(first),
                flagged_leaving=sum(fates[name].cause is not None for name in first),
                stayer_dates=len(staying),
                shown=sum(code in one.signals for one in staying),
                alarmed=sum(code in one.reasons for one in staying),
            )
        )
    return found


def read_fates(sales_url: str) -> dict[str, Fate]:
    """Every customer's fate, as the generator decided it; the URL is the sales database owner's."""
    with psycopg.connect(sales_url) as connection:
        rows = connection.execute("select kunnr, cause, shows_from, gone_from from demo_truth.customer_fate").fetchall()
    return {customer: Fate(cause or None, shows_from, gone_from) for customer, cause, shows_from, gone_from in rows}


def observe(settings: Settings, engine: sa.Engine, dates: Sequence[date]) -> list[Observation]:
    """Every active customer on every date, by the models over what landing holds now.

    Raises:
        AsideBusy: another measurement is at work in this warehouse.
    """
    found = []
    with evaluate.aside(settings, engine, "measurement") as evaluation:
        with engine.connect() as connection:
            night: dict[str, Any] = connection.scalar(sa.text("select to_jsonb(night) from control.night as night"))
        relations = {
            "given": evaluation.relation("churn.reason_customer"),
            "signal": evaluation.relation("churn.reason_signal"),
            "customer": evaluation.relation("churn.churn_customer"),
        }
        for day in dates:
            # a trained model has seen what came of past dates: the table's level decides who is flagged
            evaluation.set_night({**night, "as_of_date": day.isoformat(), "churn_model_version": None})
            evaluation.run(for_models=NEEDED)
            with engine.connect() as connection:
                rows = connection.execute(sa.text(OBSERVED.format(**relations))).all()
            found += [
                Observation(
                    day, row.customer_id, row.is_flagged, tuple(row.reasons or ()), frozenset(row.signals or ())
                )
                for row in rows
            ]
    return found
