"""A warehouse with alert rules, for the tests of alerts and mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.settings import Settings
from tests.conftest import Warehouse
from tests.integration.alerts.nights import write_rules

TABLES = (
    "control.churn_alert, control.alert_mute, control.mail_outbox, control.alert_notice, control.incident, control.run"
)


@dataclass
class Company:
    """A warehouse without a night, and the settings of its alerts; mails become files under `home`."""

    engine: sa.Engine
    settings: Settings

    def with_rules(self, folder: Path, **changed: object) -> Settings:
        """The settings with other alert rules."""
        return self.settings.model_copy(update={"alert_rules": write_rules(folder, **changed)})


def empty(engine: sa.Engine) -> None:
    """Forget every night, alert and mail."""
    with engine.begin() as connection:
        connection.execute(sa.text(f"truncate {TABLES} cascade"))
        connection.execute(sa.text("delete from publication.current_night"))
        for table in ("customer_tier_history", "tier_summary"):
            if connection.scalar(sa.text("select to_regclass(:name)"), {"name": f"published.{table}"}):
                connection.execute(sa.text(f"truncate published.{table}"))


@pytest.fixture
def empty_company(module_warehouse: Warehouse) -> Callable[[], None]:
    return lambda: empty(module_warehouse.engine)


@pytest.fixture
def company(module_warehouse: Warehouse, tmp_path: Path) -> Iterator[Company]:
    engine = module_warehouse.engine
    empty(engine)
    changed = {
        "alert_rules": write_rules(tmp_path), "home": tmp_path / "home", "mail_backoff_seconds": 0.01,
        "mail_timeout_seconds": 2,
    }  # fmt: skip
    yield Company(engine, module_warehouse.settings.model_copy(update=changed))
