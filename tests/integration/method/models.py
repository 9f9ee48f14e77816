"""The models over one company after another: built by dbt once, their tables filled again from the compiled SQL.

dbt takes seconds a layer to say what PostgreSQL does in tenths of one; over a hundred small companies that is the
difference between a minute and an hour. Views follow by themselves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipelines import transform
from pipelines.settings import Settings
from pipelines.transform.dbt import DBT_PROJECT, TELEMETRY_OFF
from pipelines.warehouse.connection import dbt_environment

_quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]

LAYERS = ("staging", "intermediate", "indicators", "scores", "churn", "tiers", "published")


@dataclass(frozen=True)
class Table:
    """A model that dbt keeps as a table: its relation, its columns in order, the select that fills it."""

    relation: str
    columns: tuple[str, ...]
    select: str


def _compiled(settings: Settings) -> list[Any]:
    """All model nodes with their compiled SQL, in an order in which each comes after what it reads."""
    from dbt.cli.main import dbtRunner

    os.environ.update(dbt_environment(settings) | TELEMETRY_OFF)
    work = settings.home / "dbt"
    project = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    output = ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    runner: Any = dbtRunner(manifest=transform.project_manifest(settings))
    result = runner.invoke(["--quiet", "compile", "--select", "resource_type:model", *project, *output])
    assert result.success, result.exception
    waiting = {one.node.unique_id: one.node for one in result.result.results}
    ordered: list[Any] = []
    while waiting:
        ready = [name for name, node in waiting.items() if not waiting.keys() & set(node.depends_on.nodes)]
        ordered += [waiting.pop(name) for name in ready]
    return ordered


class Models:
    """All models of the project in one warehouse."""

    def __init__(self, settings: Settings, engine: sa.Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._tables: list[Table] | None = None

    def run(self) -> None:
        """Every model over the rows that are landed now, under the night that is set now."""
        if self._tables is None:
            for layer in LAYERS:
                transform.build_layer(self._settings, layer)
            self._tables = self._find_tables()
            return
        with self._engine.begin() as connection:
            for table in self._tables:
                columns = ", ".join(table.columns)
                connection.exec_driver_sql(f"truncate {table.relation}")
                connection.exec_driver_sql(
                    f"insert into {table.relation} ({columns}) select {columns} from (\n{table.select}\n) as filled"
                )
                connection.exec_driver_sql(f"analyze {table.relation}")

    def _find_tables(self) -> list[Table]:
        inspector = sa.inspect(self._engine)
        return [
            Table(
                f"{_quote(node.schema)}.{_quote(node.name)}",
                tuple(_quote(column["name"]) for column in inspector.get_columns(node.name, node.schema)),
                # the driver takes a lone percent sign for a parameter
                node.compiled_code.replace("%", "%%"),
            )
            for node in _compiled(self._settings)
            if node.config.materialized == "table"
        ]
