"""Random sequences of writes, nights, reloads, back-fills and faults, held against a plain model after every pull.

What is played: `sequence_steps`. What must come of it: `sequence_model`. Seeds are fixed, so that a run repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import duckdb
import pytest
import sqlalchemy as sa

from pipelines.extract import entity
from pipelines.extract.engine import open_engine
from tests.integration.extracting import desk_for
from tests.integration.sequence_play import Play
from tests.integration.sequence_source import Place
from tests.integration.sequence_steps import Step, shown, shrunk, steps_of

# Those that found faults planted in the extraction, deletion marks above all; more seeds play more.
SEEDS = {"postgres": (0, 1, 2, 3, 4, 8, 9, 10), "sqlite": (5, 6, 7, 11), "mysql": (14, 18, 130, 233)}


@pytest.fixture
def one_engine(module_warehouse, monkeypatch) -> Iterator[None]:
    """One engine for all pulls: to load its extension takes longer than a small pull."""
    with open_engine(module_warehouse.settings) as engine:

        @contextmanager
        def lent(_: object) -> Iterator[duckdb.DuckDBPyConnection]:
            try:
                yield engine
            finally:
                for leave in ("rollback", "detach source"):
                    with suppress(duckdb.Error):  # an extraction that fails may not have got that far
                        engine.execute(leave)

        monkeypatch.setattr(entity, "open_engine", lent)
        yield


@pytest.fixture
def locations(kind, request, server, tmp_path, module_warehouse) -> Iterator[Callable[[str], str]]:
    """Where a source is: of a server's kind all in one database of this test's own."""
    name = f"erp_{module_warehouse.settings.warehouse_database}"
    if kind == "sqlite":
        yield lambda source: str(tmp_path / f"{source}.sqlite")
    elif kind == "postgres":
        server.ensure_database(name, "erp_owner")
        yield lambda source: server.url("erp_owner", name)
        server.drop_database(name)
    else:
        url = request.getfixturevalue("mariadb")
        with sa.create_engine(url.set(drivername="mysql+pymysql")).connect() as connection:
            connection.exec_driver_sql(f"create or replace database {name} character set utf8mb4")
            yield lambda source: url.set(database=name).render_as_string(hide_password=False)
            connection.exec_driver_sql(f"drop database {name}")


@pytest.fixture
def places(kind, locations) -> Iterator[dict[str, Place]]:
    """An ERP, and a shop whose customers have the same ids."""
    found = {source: Place(kind, locations(source), suffix) for source, suffix in (("erp", ""), ("shop", "_of_shop"))}
    for place in found.values():
        place.open()
    yield found
    for place in found.values():
        place.close()


@pytest.fixture
def fault_of(module_warehouse, places, tmp_path, one_engine) -> Callable[[Sequence[Step]], str | None]:
    """Plays a sequence on an emptied warehouse and emptied sources; what is then wrong."""

    def fault(steps: Sequence[Step]) -> str | None:
        for place in places.values():
            place.clear()
        try:
            Play(desk_for(module_warehouse, tmp_path), places).play(steps)
        except Exception as error:  # an extraction that breaks is a finding too, and wants a short sequence
            return f"{type(error).__name__}: {error}"
        return None

    return fault


def _what(fault: str | None) -> str | None:
    """Of a fault, what differs: the end of its first line."""
    return fault.splitlines()[0].split(": ")[-1] if fault else None


@pytest.mark.parametrize("kind", list(SEEDS))
def test_whatever_happens_landing_history_rejects_and_account_are_those_of_the_model(kind, fault_of):
    for seed in SEEDS[kind]:
        steps = steps_of(seed)
        if (found := fault_of(steps)) is not None:
            short = shrunk(steps, lambda fewer, of=found: _what(fault_of(fewer)) == _what(of))
            pytest.fail(
                f"seed {seed}\n{found}\nthe shortest that does so:\n{shown(short)}\n{fault_of(short)}", pytrace=False
            )
