"""What all tests share: one PostgreSQL cluster, and a fresh migrated warehouse database for whoever asks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from pipelines.settings import Settings, get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer


@dataclass(frozen=True)
class Warehouse:
    """A database of one test's own; `settings` point to it."""

    settings: Settings
    engine: sa.Engine
    url: str


@pytest.fixture(scope="session")
def server() -> EmbeddedServer:
    """The embedded server of this instance folder, running."""
    embedded = EmbeddedServer(get_settings().home)
    embedded.start()
    return embedded


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
