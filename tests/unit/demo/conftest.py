"""Demo companies as data frames, without any database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipelines.demo.company import DemoSize, make_world, sales_tables, service_tables, truth_table
from pipelines.demo.sales import World
from pipelines.demo.timeline import NULL, day_number, end_of

Tables = dict[str, pd.DataFrame]

SEED = 7


def frame(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Generated columns with nulls as missing values: bytes become text, day and second counts stay numbers."""
    decoded = {}
    for name, values in columns.items():
        if values.dtype.kind == "S":
            decoded[name] = pd.Series([value.decode() or None for value in values.tolist()], dtype=object)
        else:
            decoded[name] = pd.Series(values, dtype="Int64").mask(values == NULL)
    return pd.DataFrame(decoded)


def tables_of(world: World, after: int, until: int) -> Tables:
    """All rows of both systems that appeared or changed in (after, until]."""
    pieces: dict[str, list[pd.DataFrame]] = {}
    for source in (sales_tables, service_tables):
        for name, columns in source(world, after, until):
            pieces.setdefault(name, []).append(frame(columns))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in pieces.items()}


@pytest.fixture(scope="session")
def small() -> World:
    """150 customers."""
    return make_world(DemoSize(150, 6_000), SEED)


@pytest.fixture(scope="session")
def world() -> World:
    """900 customers, enough for shares to mean something."""
    return make_world(DemoSize(900, 60_000), SEED)


@pytest.fixture(scope="session")
def tables(world: World) -> Tables:
    """Both systems at the end of the history."""
    return tables_of(world, 0, end_of(day_number(date(2026, 6, 30))))


@pytest.fixture(scope="session")
def truth(world: World) -> pd.DataFrame:
    """What the generator decided, by customer number."""
    return frame(truth_table(world)).set_index("kunnr")


@pytest.fixture(scope="session")
def rows_between() -> Callable[[World, date | None, date], Tables]:
    """Both systems' rows that appeared or changed after the end of one day (None: ever) up to the end of another."""

    def between(world: World, after: date | None, until: date) -> Tables:
        return tables_of(world, end_of(day_number(after)) if after else 0, end_of(day_number(until)))

    return between
