"""Comparing a version with another before it goes live: one night evaluated under both, aside, by the night's models.

Both evaluations begin from the same evaluated day before, so that what differs between them is the calibration alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from scipy import stats

from pipelines import evaluate
from pipelines.calibrate.activation import require_finished
from pipelines.calibrate.drafts import CalibrationError
from pipelines.calibrate.judgement_changes import JudgementChange, judgement_changes
from pipelines.calibrate.proposal import BEFORE_SCORES, last_night, newest_night
from pipelines.calibrate.versions import calibration_for
from pipelines.publish.previous import copy_night
from pipelines.settings import DEFAULT_SET, Settings
from pipelines.warehouse.calibration_schema import CALIBRATION

LARGEST_MOVES = 10
INDICATORS_BEHIND = 3
MODELS = ("tier_customer", "score_rank", "score_indicator")
_CUSTOMERS = """
    select
        customer.customer_id, customer.customer_name, customer.industry, kind.judgement_set, customer.is_active,
        tiered.tier_raw, tiered.tier_computed as tier, score.value_score, score.current_value_score,
        score.potential_value_score, score.value_quadrant, ranked.company_rank,
        cast(sales.margin_12m as double precision) as margin_12m,
        cast(sales.volume_12m as double precision) as volume_12m
    from {prefix}intermediate.int_customer as customer
    inner join {prefix}scores.customer_judgement_set as kind on customer.customer_id = kind.customer_id
    inner join {prefix}tiers.tier_customer as tiered on customer.customer_id = tiered.customer_id
    left join {prefix}scores.score_customer as score on customer.customer_id = score.customer_id
    left join {prefix}scores.score_rank as ranked on customer.customer_id = ranked.customer_id
    left join {prefix}intermediate.int_customer_sales as sales on customer.customer_id = sales.customer_id
    order by customer.customer_id collate "C"
"""
_KEEP = "create table {prefix}scores.old_contribution as table {prefix}scores.score_indicator"
_BEHIND = """
    select
        coalesce(new.customer_id, old.customer_id) as customer_id,
        coalesce(new.indicator_id, old.indicator_id) as indicator_id,
        coalesce(new.contribution, 0) - coalesce(old.contribution, 0) as change
    from (select * from {prefix}scores.score_indicator where customer_id = any(:customers)) as new
    full join (select * from {prefix}scores.old_contribution where customer_id = any(:customers)) as old
        on new.customer_id = old.customer_id and new.indicator_id = old.indicator_id
    order by customer_id, abs(coalesce(new.contribution, 0) - coalesce(old.contribution, 0)) desc, indicator_id
"""
_WEIGHTS = """
    select judgement_set, indicator_id, dimension, indicator_group, nominal_weight, s, lo, hi
    from control.calibration_indicator where version = :version
"""
_SCHEME = """
    select tier from {prefix}rules.tier_scheme as scheme
    inner join {prefix}control.night as night on scheme.scheme = night.tier_scheme order by scheme.position
"""
_BEFORE = "select max(as_of_date) from published.tier_summary where as_of_date < :as_of"


@dataclass(frozen=True)
class Comparison:
    """Two versions over one night. `old` is the one in force, unless another was asked for.

    `customers`: one row per customer; columns as published, with the suffixes `_old` and `_new` where the versions
    differ, and `score_change`. `moves`: the largest changes of score, each with the indicators behind it. `weights`:
    one row per judgement set and indicator that either version has. `judgements`: the pairs that the two judge
    differently. `spearman`, `kendall`: of the active's scores.
    """

    old: Any
    new: Any
    as_of: date
    tiers: Sequence[str]
    customers: pd.DataFrame
    moves: pd.DataFrame
    weights: pd.DataFrame
    judgements: Sequence[JudgementChange]
    spearman: float | None
    kendall: float | None

    @property
    def changed(self) -> pd.DataFrame:
        """The customers whose tier differs, most margin first."""
        return self._changed("tier").sort_values(["margin_12m", "customer_id"], ascending=[False, True])

    @property
    def changed_raw(self) -> int:
        """How many differ without hysteresis: what the grace at the lines holds back for now."""
        return len(self._changed("tier_raw"))

    @property
    def margin_total(self) -> float:
        """12m margin of the active customers, losses counted."""
        return float(self.customers.loc[self.customers.is_active, "margin_12m"].sum())

    @property
    def margin_moved(self) -> float:
        """12m margin, losses counted as their size, of the customers whose tier differs."""
        return float(self.changed.margin_12m.abs().sum())

    def flow(self, column: str, order: Sequence[str]) -> list[list[tuple[int, float]]]:
        """Customers and their margin from each value of `column` under the old version to each under the new one."""
        found = self.customers.groupby([f"{column}_old", f"{column}_new"]).margin_12m.agg(["size", "sum"])
        cells = {key: (int(row["size"]), float(row["sum"])) for key, row in found.iterrows()}
        return [[cells.get((source, target), (0, 0.0)) for target in order] for source in order]

    def _changed(self, column: str) -> pd.DataFrame:
        return self.customers[self.customers[f"{column}_old"] != self.customers[f"{column}_new"]]


def compare(
    settings: Settings, engine: sa.Engine, version: int, other: int | None = None, as_of: date | None = None
) -> Comparison:
    """Evaluate a published night (default: the newest) under `version` and under `other` (default: the one in force).

    Raises:
        CalibrationError: no such finished version, the two are one, or the night was not published.
        AsideBusy: another comparison or proposal is at work.
    """
    with engine.connect() as connection:
        day = as_of or newest_night(connection)
        against = other or calibration_for(connection, day)
        night = last_night(connection)
        if against is None or against == version:
            raise CalibrationError(f"calibration {version} is what applies to {day}: name another to compare it with")
        for one in (version, against):
            require_finished(connection, one)
        before = connection.scalar(sa.text(_BEFORE), {"as_of": day})
    with evaluate.aside(settings, engine, "comparison") as evaluation:
        with engine.begin() as connection:
            copy_night(connection, settings, before, evaluation.prefix)
        told = night | {"as_of_date": day}
        _evaluate(evaluation, told | {"calibration_version": against}, (*BEFORE_SCORES, "scores", "tiers"))
        with engine.begin() as connection:
            old = pd.read_sql(sa.text(_CUSTOMERS.format(prefix=evaluation.prefix)), connection)
            connection.execute(sa.text(_KEEP.format(prefix=evaluation.prefix)))
        _evaluate(evaluation, told | {"calibration_version": version}, ("scores", "tiers"))
        with engine.connect() as connection:
            new = pd.read_sql(sa.text(_CUSTOMERS.format(prefix=evaluation.prefix)), connection)
            tiers = list(connection.scalars(sa.text(_SCHEME.format(prefix=evaluation.prefix))))
            customers = _joined(old, new)
            active = customers[customers.is_active]
            moves = _moves(connection, evaluation.prefix, active)
    with engine.connect() as connection:
        versions = {row.version: row for row in connection.execute(sa.select(CALIBRATION))}
        weights = _weights(connection, against, version)
        judged = judgement_changes(connection, against, version)
    return Comparison(
        old=versions[against], new=versions[version], as_of=day, tiers=tiers, customers=customers,
        moves=moves, weights=weights, judgements=judged,
        spearman=_correlation(stats.spearmanr, active), kendall=_correlation(stats.kendalltau, active),
    )  # fmt: skip


def _evaluate(evaluation: evaluate.Aside, night: dict[str, object], layers: Sequence[str]) -> None:
    evaluation.set_night(night)
    evaluation.run(layers, for_models=MODELS)


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    alike = ["customer_id", "customer_name", "industry", "is_active", "margin_12m", "volume_12m"]
    # a missing text is None, not a number that a page would print
    texts = {name: old[name].astype(object).where(old[name].notna(), None) for name in ("customer_name", "industry")}
    other = new[[name for name in new if name == "customer_id" or name not in alike]]
    joined = old.assign(**texts).merge(other, on="customer_id", suffixes=("_old", "_new"), validate="one_to_one")
    joined["score_change"] = joined.value_score_new - joined.value_score_old
    return joined


def _correlation(of: Any, active: pd.DataFrame) -> float | None:
    """None where fewer than two customers, or scores all alike, leave no order to compare."""
    columns = active.value_score_old, active.value_score_new
    if len(active) < 2 or any(column.nunique() < 2 for column in columns):
        return None
    return float(of(*columns).statistic)


def _moves(connection: sa.Connection, prefix: str, active: pd.DataFrame) -> pd.DataFrame:
    """The largest changes of score; `behind`: indicator id and change of contribution, the largest first."""
    order = active.assign(size=active.score_change.abs()).sort_values(["size", "customer_id"], ascending=[False, True])
    largest = order.drop(columns="size").head(LARGEST_MOVES)
    chosen = {"customers": largest.customer_id.tolist()}
    rows = connection.execute(sa.text(_BEHIND.format(prefix=prefix)), chosen).all()
    behind: dict[str, list[tuple[str, float]]] = {customer: [] for customer in largest.customer_id}
    for row in rows:
        if len(behind[row.customer_id]) < INDICATORS_BEHIND:
            behind[row.customer_id].append((row.indicator_id, float(row.change)))
    return largest.assign(behind=list(behind.values()))


def _weights(connection: sa.Connection, old: int, new: int) -> pd.DataFrame:
    """A set that a version lacks stands with that version's default weights: its customers had, or get, these."""
    frames = [pd.read_sql(sa.text(_WEIGHTS), connection, params={"version": version}) for version in (old, new)]
    sets = sorted(set(frames[0].judgement_set) | set(frames[1].judgement_set))
    whole = []
    for frame in frames:
        default = frame[frame.judgement_set == DEFAULT_SET]
        lacking = [default.assign(judgement_set=name) for name in sets if name not in set(frame.judgement_set)]
        whole.append(pd.concat([frame, *lacking], ignore_index=True))
    key = ["judgement_set", "indicator_id", "dimension", "indicator_group"]
    both = whole[0].merge(whole[1], on=key, how="outer", suffixes=("_old", "_new"))
    both["change"] = both.nominal_weight_new.fillna(0) - both.nominal_weight_old.fillna(0)
    return both.sort_values(["judgement_set", "indicator_id"], ignore_index=True)
