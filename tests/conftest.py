"""What all tests share: one PostgreSQL cluster a worker, and a fresh migrated warehouse database for whoever asks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from pipelines.settings import Settings, get_settings, home_folder
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer
from tests.faults.figures import Note, noting, table
from tests.mariadb import require_mariadb, running_mariadb

# An example has no deadline: on a busy machine a first one took 1.5 s of the 0.2 s that are the default.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:
    # Two workers share neither a server, nor dbt's parsed project, nor the demo's settings file.
    os.environ["CVP_HOME"] = str(home_folder() / "tests" / WORKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first; a file's tests stay on one worker (`--dist loadfile`)."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@dataclass(frozen=True)
class Warehouse:
    """A database of one test's own; `settings` point to it."""

    settings: Settings
    engine: sa.Engine
    url: str


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The embedded server of this instance folder, running; a worker's own is gone afterwards."""
    embedded = EmbeddedServer(get_settings().home)
    embedded.start()
    yield embedded
    if WORKER:
        embedded.destroy()


def make_warehouse(server: EmbeddedServer) -> Iterator[Warehouse]:
    """A fresh, migrated warehouse database, dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    settings = get_settings().model_copy(update={"warehouse_database": name, "warehouse_url": None})
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    yield Warehouse(settings, engine, server.url("cvp_owner", name))
    engine.dispose()
    server.drop_database(name)


@pytest.fixture
def warehouse(server: EmbeddedServer) -> Iterator[Warehouse]:
    """A fresh warehouse for one test."""
    yield from make_warehouse(server)


@pytest.fixture(scope="module")
def module_warehouse(server: EmbeddedServer) -> Iterator[Warehouse]:
    """A warehouse that the tests of one module share."""
    yield from make_warehouse(server)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[sa.URL]:
    """A MariaDB server with an empty database; left out, with a word, where none is installed and no gate asks."""
    require_mariadb()
    with running_mariadb() as url:
        yield url


@pytest.fixture
def note_fault(record_property: Any) -> Note:
    """Notes a fault's figures: case, fault, times tried and survived, rows lost and doubled."""
    return noting(record_property)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures of the faults that were tried; what was left out stands in pytest's own summary."""
    reports = [report for key in ("passed", "failed") for report in terminalreporter.stats.get(key, ())]
    lines = table(reports)
    if lines:
        terminalreporter.section("faults tried")
        for line in lines:
            terminalreporter.write_line(line)
