"""Reference points of a population, and the points that they give. Floats from here on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SAME = 1e-12


@dataclass(frozen=True)
class Indicator:
    """Where an indicator stands in the tree, which way is better and on which scale it is read."""

    indicator_id: str
    name: str
    dimension: str
    group: str
    better: str
    scale: str


def _indicators(dimension: str, table: str) -> list[Indicator]:
    rows = (line.split() for line in table.strip().splitlines())
    return [Indicator(code, name, dimension, group, better, scale) for code, group, name, better, scale in rows]


INDICATORS: dict[str, Indicator] = {
    indicator.indicator_id: indicator
    for indicator in _indicators(
        "current",
        """
        C01 profit          gross_margin_12m            higher asinh
        C02 profit          gross_margin_rate_12m       higher linear
        C03 profit          net_contribution_12m        higher asinh
        C04 profit          annual_margin_4y            higher asinh
        C05 volume_and_mix  volume_12m                  higher asinh
        C06 volume_and_mix  revenue_12m                 higher asinh
        C07 volume_and_mix  annual_volume_4y            higher asinh
        C08 volume_and_mix  premium_revenue_share_12m   higher linear
        C09 stability       active_months_12m           higher linear
        C10 stability       order_interval_cv_24m       lower  linear
        C11 stability       contract_take_up_12m        higher linear
        C12 payment         on_time_payment_rate_12m    higher linear
        C13 payment         payment_delay_days_12m      lower  asinh
        C14 payment         overdue_balance_rate        lower  linear
        C15 cost_to_serve   service_cost_rate_12m       lower  linear
        C16 cost_to_serve   cancelled_quantity_rate_12m lower  linear
        """,
    )
    + _indicators(
        "potential",
        """
        P01 growth          volume_growth_yoy           higher linear
        P02 growth          margin_growth_yoy           higher linear
        P03 growth          demand_growth_yoy           higher linear
        P04 wallet          share_of_wallet_12m         higher linear
        P05 wallet          headroom_margin             higher asinh
        P06 wallet          product_family_count_24m    higher linear
        P07 wallet          new_product_share_12m       higher linear
        P08 relationship    relationship_years          higher linear
        P09 relationship    satisfaction_gap_12m        higher linear
        P10 relationship    interaction_count_12m       higher asinh
        P11 relationship    relationship_level          higher linear
        P12 relationship    contract_cover_months       higher linear
        P13 strategic       active_collaborations_24m   higher linear
        P14 strategic       referred_revenue_12m        higher asinh
        """,
    )
}


@dataclass(frozen=True)
class ReferencePoints:
    """What turns an indicator's values into points. `s` for asinh only; `lo`, `hi` None where nobody had a value."""

    s: float | None
    lo: float | None
    hi: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """`percentile_cont`: linear between the two neighbours of share x (n - 1)."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def transform(scale: str, s: float | None, value: float) -> float:
    return math.asinh(value / s) if scale == "asinh" and s is not None else value


def reference_points(scale: str, values: Sequence[float]) -> ReferencePoints:
    """Of an indicator, from the population's values that are not null."""
    sizes = [abs(value) for value in values if value != 0]
    s = (percentile(sizes, 0.5) if sizes else 1.0) if scale == "asinh" else None
    if not values:
        return ReferencePoints(s, None, None)
    transformed = [transform(scale, s, value) for value in values]
    lo, hi = percentile(transformed, 0.05), percentile(transformed, 0.95)
    most_held = Counter(values).most_common(1)[0][1]
    if abs(hi - lo) <= SAME or most_held * 10 >= len(values) * 9:
        lo, hi = min(transformed), max(transformed)
    return ReferencePoints(s, lo, hi)


def points(indicator: Indicator, reference: ReferencePoints, value: float) -> float:
    """0 to 100; 100 is best."""
    if reference.lo is None or reference.hi is None:
        return 50.0
    t = transform(indicator.scale, reference.s, value)
    if abs(reference.hi - reference.lo) <= SAME:
        if abs(t - reference.lo) <= SAME:
            return 50.0
        return 100.0 if (t > reference.lo) == (indicator.better == "higher") else 0.0
    u = 100 * min(1.0, max(0.0, (t - reference.lo) / (reference.hi - reference.lo)))
    return u if indicator.better == "higher" else 100 - u


@dataclass(frozen=True)
class Calibration:
    """Nominal weights (sum 1), reference points by indicator id, and the population's medians of the two scores."""

    weights: Mapping[str, float]
    references: Mapping[str, ReferencePoints]
    median_current: float | None = None
    median_potential: float | None = None
