"""The models over one company after another: compiled once, evaluated aside, as replays and comparisons do.

That this is what dbt builds for a night stands in `tests/integration/test_evaluate.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from pipelines import transform
from pipelines.evaluate import Aside, aside
from tests.conftest import Warehouse
from tests.integration.method import driver

Row = dict[str, object]


class Models:
    """All models of the project beside one warehouse."""

    def __init__(self, evaluation: Aside) -> None:
        self.evaluation = evaluation

    def run(self) -> None:
        """Every model over the rows that are landed now, under the night that is set now."""
        with self.evaluation.engine.connect() as connection:
            tables = connection.scalars(
                sa.text("select relname from pg_class where relkind = 'r' and relnamespace = to_regnamespace(:name)"),
                {"name": f"{self.evaluation.prefix}control"},
            ).all()
        for table in tables:
            self.evaluation.replace(f"control.{table}", f"select * from control.{table}")
        self.evaluation.run()

    def read(self, relation: str) -> list[Row]:
        """All rows of a model, `candidates.customer_tier` for example."""
        return driver.read(self.evaluation.engine, self.evaluation.relation(relation))


def models_of(warehouse: Warehouse) -> Iterator[Models]:
    """The models, for a fixture."""
    transform.build_layer(warehouse.settings, "staging")  # which loads the rules
    with aside(warehouse.settings, warehouse.engine, "comparison") as evaluation:
        yield Models(evaluation)
