"""Companies whose timing is known, landed and evaluated aside as training and backtest do."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from pipelines import transform
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.reference.parameters import Company, Parameters

AS_OF = date(2025, 6, 30)
PUBLISH = "update control.run set status = 'published', night = (select to_jsonb(n) from control.night as n)"


def land(warehouse: Warehouse, company: Company, as_of: date = AS_OF) -> None:
    """Land a company and enter its night as published."""
    driver.land(warehouse.engine, company)
    driver.set_night(warehouse.engine, Parameters(as_of))
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text(PUBLISH))


def load_rules(warehouse: Warehouse) -> None:
    """The seeds, which an evaluation aside copies."""
    transform.build_layer(warehouse.settings, "staging")
