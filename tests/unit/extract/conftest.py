"""An engine for the SQL that extraction composes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from pipelines.extract.engine import open_engine
from pipelines.settings import Settings


@pytest.fixture(scope="session")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine(Settings()) as opened:
        yield opened


@pytest.fixture(scope="session")
def evaluate(engine) -> Callable[..., object]:
    """The value of an SQL expression over one row of texts: evaluate("raw || 'x'", raw="a")."""

    def run(expression: str, **texts: str | None) -> object:
        names = ", ".join(
            f"cast({'null' if text is None else quoted(text)} as varchar) as {name}" for name, text in texts.items()
        )
        return engine.execute(f"select {expression} from (select {names}) as row").fetchall()[0][0]

    return run


def quoted(text: str) -> str:
    """A text literal that can hold anything."""
    return "'" + text.replace("'", "''") + "'"
