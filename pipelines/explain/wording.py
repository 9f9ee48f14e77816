"""Numbers and tiers in the words of the card and of the comparison of two nights."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.explain.lines import CoreLine, ScoreLine

UNKNOWN = "–"
LEVELS = ("spot", "preferred", "partner", "strategic alliance")
CAUSES = {
    "own_data": "its own data",
    "window_moved": "the window slid",
    "availability": "a value came or went",
    "calibration": "a setting or a formula changed",
}
NEW_CALIBRATION = "the new calibration"
GROUPS = {
    "profit": "Profit 利润",
    "volume_and_mix": "Volume and mix 销量与结构",
    "stability": "Stability 稳定性",
    "payment": "Payment 付款",
    "cost_to_serve": "Cost to serve 服务成本",
    "growth": "Growth 增长",
    "wallet": "Wallet 钱包份额",
    "relationship": "Relationship 关系",
    "strategic": "Strategic 战略",
}


def amount(value: Any, places: int = 1) -> str:
    """A large number for people: 12,345,678 is 12.3 m."""
    if value is None:
        return UNKNOWN
    number = float(value)
    if number == 0:
        return "0"
    if abs(number) >= 1e9:
        return f"{number / 1e9:,.{places + 1}f} bn"
    if abs(number) >= 1e6:
        return f"{number / 1e6:,.{places}f} m"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.{places}f}"


def percent(value: Any, places: int = 1) -> str:
    """A ratio as a percentage."""
    return UNKNOWN if value is None else f"{float(value) * 100:.{places}f} %"


def number(value: Any, places: int = 1) -> str:
    """A number with so many decimals."""
    return UNKNOWN if value is None else f"{float(value):,.{places}f}"


def signed(value: Any, places: int = 2) -> str:
    """A change, its sign written; what rounds to nothing is said to be less than the last digit."""
    if value is None:
        return UNKNOWN
    if 0 < abs(float(value)) < 0.5 * 10**-places:
        return f"under {'+' if value > 0 else '−'}{10**-places:.{places}f}"
    return f"{float(value):+,.{places}f}".replace("-", "−")


def value_with_unit(value: Decimal | float | None, unit: str, currency: str) -> str:
    """An indicator's value in its unit."""
    if value is None:
        return UNKNOWN
    if unit.startswith("money"):
        return f"{amount(value)} {currency}{unit.removeprefix('money')}"
    if unit.startswith("volume"):
        return f"{amount(value)}{unit.removeprefix('volume')}"
    if unit == "ratio":
        return percent(value)
    if unit == "level":
        # a median may lie between two levels
        return LEVELS[int(value)] if float(value).is_integer() else number(value)
    if unit == "count":
        return number(value, 0 if float(value).is_integer() else 1)
    return f"{number(value)} {unit}"


def cause_words(cause: str, has_new_calibration: bool) -> str:
    """Why a contribution moved; `has_new_calibration` says whether the night applies another than the one before."""
    return NEW_CALIBRATION if cause == "calibration" and has_new_calibration else CAUSES[cause]


def core_line_words(line: CoreLine, currency: str) -> str:
    """What lies between the customer and the core's line."""
    ways = []
    if line.margin is not None:
        ways.append(f"{amount(line.margin)} {currency} of margin")
    if line.volume is not None:
        ways.append(f"{amount(line.volume)} of volume")
    shares = f"{percent(line.own_share, 3)} of the company's business; the core ends at {percent(line.line_share, 3)}"
    if line.is_above:
        return f"{shares}: it may lose about {' or '.join(ways)} a year before it would leave the core"
    return f"{shares}: about {' or '.join(ways)} a year more would bring it in"


def risk_words(customer: Mapping[str, Any]) -> str:
    """Where an active customer's risk level comes from."""
    chance = customer["churn_probability"]
    if chance is None:
        said = "By its order rhythm alone: there is not enough history for a probability."
    elif customer.get("churn_model_version") not in (None, "cells"):
        model = f"churn model {customer['churn_model_version']}"
        said = f"By {model}, {percent(chance, 0)} of such customers order no more in the horizon."
    else:
        said = f"In {percent(chance, 0)} of such situations before, no order followed in the horizon."
    return f"{said} Its last order is more than 12 months old." if customer["churn_status"] == "dormant" else said


def record_words(record: Mapping[str, Any]) -> str:
    """How often a risk level came true on the closed dates before."""
    return (
        f"of {record['flagged']:,} customers so called before, {percent(record['churn_rate'], 0)} left"
        f" ({percent(record['churn_rate_low'], 0)} to {percent(record['churn_rate_high'], 0)})"
    )


def score_line_words(line: ScoreLine, is_core: bool) -> str:
    """Where the customer stands by value score against one line."""
    rule = f"outside the core, {line.tier} or better are the best {line.places:,} by score"
    if is_core:
        return f"{rule}: it would be number {line.place:,} of them by its score alone"
    side = "above the first one left out" if line.is_inside else "away from the last one taken in"
    return f"{rule}: it is number {line.place:,}, {abs(line.points):.1f} points {side}"
