"""What happens outside the company: seasons, industry cycles, the steel price, exchange rates, supply disruptions."""

from __future__ import annotations

import numpy as np

from pipelines.demo import vocabulary as words
from pipelines.demo.rows import Batch, numbered, stream
from pipelines.demo.timeline import (
    DAY,
    LIFE_END,
    LIFE_START,
    MONTH_OF_YEAR,
    MONTHS,
    Array,
    weekday,
)

RATES_START = LIFE_START - 14
RATE_LEVELS = {"USD": 7.10, "EUR": 7.75, "JPY": 4.85}
RATE_UNITS = {"USD": 1, "EUR": 1, "JPY": 100}
RATE_SCALE = 5
SUPPLY_DISRUPTIONS = (("2022-04", "2022-05"), ("2024-02", "2024-03"))
# Chinese New Year empties the year's start, spring and autumn are the building seasons
SEASON = np.array([-0.6, -1.2, 0.7, 0.9, 0.7, 0.2, -0.3, -0.1, 0.6, 0.5, 0.2, -0.3])


def season(industries: Array) -> Array:
    """Seasonal factor (customers, months) around 1 by the swing of the customer's industry."""
    swing = np.array([industry.swing for industry in words.INDUSTRIES])[industries]
    return (1.0 + swing[:, None] * SEASON[MONTH_OF_YEAR - 1][None, :]).astype(np.float32)


def industry_cycle(seed: int) -> Array:
    """Business cycle factor (industries, months) around 1."""
    rng = stream(seed, "cycle")
    years = np.arange(MONTHS) / 12.0
    phases = rng.uniform(0, 2 * np.pi, len(words.INDUSTRIES))
    lengths = np.array([industry.cycle_years for industry in words.INDUSTRIES])
    wave = np.sin(phases[:, None] + 2 * np.pi * years[None, :] / lengths[:, None])
    return 1.0 + 0.13 * wave + rng.normal(0, 0.02, wave.shape)


def steel_index(seed: int) -> tuple[Array, Array]:
    """(cost index, price index) per day of the life, around 1; prices follow costs a month late."""
    rng = stream(seed, "steel")
    days = np.arange(LIFE_END - LIFE_START + 1)
    walk = np.zeros(len(days))
    shocks = rng.normal(0, 0.005, len(days))
    for day in range(1, len(days)):
        walk[day] = 0.995 * walk[day - 1] + shocks[day]
    cost = 1.0 + 0.10 * np.sin(2 * np.pi * days / 1100.0) + walk
    lag = 35
    price = np.convolve(np.concatenate([np.full(lag, cost[0]), cost]), np.full(lag, 1 / lag), mode="full")
    return cost, price[lag : lag + len(days)]


def _rate_walks(seed: int) -> dict[str, Array]:
    rng = stream(seed, "rates")
    count = LIFE_END - RATES_START + 1
    walks = {}
    for currency, level in RATE_LEVELS.items():
        steps = np.cumsum(rng.normal(0, 0.002, count))
        steps -= np.linspace(0, steps[-1] * 0.8, count)
        walks[currency] = np.round(level * np.exp(steps) * 10**RATE_SCALE).astype(np.int64)
    return walks


def daily_rates(seed: int) -> Array:
    """CNY for one unit of each of `vocabulary.CURRENCIES`, (currencies, days of the life)."""
    walks = _rate_walks(seed)
    rates = np.ones((len(words.CURRENCIES), LIFE_END - LIFE_START + 1))
    for index, currency in enumerate(words.CURRENCIES):
        if currency != "CNY":
            rates[index] = walks[currency][LIFE_START - RATES_START :] / 10**RATE_SCALE / RATE_UNITS[currency]
    return rates


def rate_table(seed: int) -> Batch:
    """`fi.tcurr`: the rates quoted on each working day at nine in the morning."""
    days = np.arange(RATES_START, LIFE_END + 1)
    quoted = weekday(days) < 5
    parts: dict[str, list[Array]] = {"kurst": [], "fcurr": [], "tcurr": [], "gdatu": [], "ukurs": [], "ffact": []}
    for currency, walk in _rate_walks(seed).items():
        count = int(quoted.sum())
        parts["kurst"].append(np.full(count, b"M"))
        parts["fcurr"].append(np.full(count, currency.encode()))
        parts["tcurr"].append(np.full(count, b"CNY"))
        parts["gdatu"].append(days[quoted])
        parts["ukurs"].append(walk[quoted])
        parts["ffact"].append(np.full(count, RATE_UNITS[currency]))
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    created = columns["gdatu"] * DAY + 9 * 3600
    return Batch({**columns, "aedat": created}, created, created)


def disrupted(days: Array) -> Array:
    """Whether a day lies in a time when the mills could not deliver."""
    months = (days.astype("timedelta64[D]") + np.datetime64("2000-01-01")).astype("datetime64[M]")
    hit = np.zeros(len(days), dtype=bool)
    for first, last in SUPPLY_DISRUPTIONS:
        hit |= (months >= np.datetime64(first)) & (months <= np.datetime64(last))
    return hit


def person_ids(numbers: Array) -> Array:
    """Personnel numbers, the same in both systems."""
    return numbered("E", 1000 + numbers, 4)
