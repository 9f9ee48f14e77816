"""The night's models evaluated beside the warehouse's own schemas, over what landing holds or held.

    with aside(settings, engine, "replay", known_at=instant) as evaluation:
        evaluation.set_night({"as_of_date": day, ...})
        evaluation.run()
        connection.execute(sa.text(f"select * from {evaluation.relation('candidates.customer_tier')}"))

Everything stands in schemas named `<purpose>_<schema>` (`replay_staging`, `replay_candidates`, ...) of the same
database. Landing is not copied: `<purpose>_landing` holds views of it, as it was known at an instant where one is
given. `control` and the rules are copied as they are now; the caller sets what the night was told. The night's own
tables, the publication and a running night are neither written nor locked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipelines.evaluate.landing import known_versions
from pipelines.settings import Settings
from pipelines.transform import CompiledModel, CompiledProject, compile_models
from pipelines.transform.dbt import DBT_SCHEMAS
from pipelines.warehouse.schema import LANDING

log = logging.getLogger(__name__)

quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]

SCHEMAS = ("landing", "control", *DBT_SCHEMAS)
# Every purpose has one set of schemas: two evaluations for one purpose take turns, and what a killed one left is known.
PURPOSES = ("replay", "comparison", "measurement", "training", "backtest")


class AsideBusy(Exception):
    """Another evaluation for the same purpose is at work; nothing was touched."""


class Aside:
    """Models over one set of schemas aside; made by `aside`."""

    def __init__(self, engine: sa.Engine, purpose: str, project: CompiledProject) -> None:
        self.engine = engine
        self.prefix = f"{purpose}_"
        self._project = project
        self._made: set[str] = set()

    def relation(self, name: str) -> str:
        """`tiers.tier_customer` as it stands here, quoted."""
        schema, _, table = name.partition(".")
        return f"{quote(self.prefix + schema)}.{quote(table)}"

    def set_night(self, values: Mapping[str, Any]) -> None:
        """The night to evaluate: columns of `control.night`, plain values or as that table's row was kept as JSON."""
        text = json.dumps({"is_current": True, **values}, default=str)
        self.replace("control.night", "select * from jsonb_populate_record(null::control.night, :row)", {"row": text})

    def replace(self, table: str, select: str, values: Mapping[str, Any] | None = None) -> None:
        """Fill a copied table (`control.previous_night`) with the rows of a select that has its columns in order."""
        relation = self.relation(table)
        with self.engine.begin() as connection:
            connection.execute(sa.text(f"truncate {relation}"))
            connection.execute(sa.text(f"insert into {relation} {select}"), dict(values or {}))
            connection.execute(sa.text(f"analyze {relation}"))

    def run(self, layers: Collection[str] | None = None, for_models: Collection[str] | None = None) -> None:
        """Evaluate the models of these layers (default: all) that are needed for `for_models` (default: all).

        What is read is one snapshot: a night that lands rows meanwhile is seen wholly or not at all.
        """
        needed = None if for_models is None else self._project.needed_for(for_models)
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            connection.execute(sa.text("set local work_mem = '256MB'"))
            for model in self._project.models:
                if (layers is None or model.layer in layers) and (needed is None or model.name in needed):
                    self._build(connection, model)
            connection.commit()

    def _build(self, connection: sa.Connection, model: CompiledModel) -> None:
        relation = f"{quote(model.schema)}.{quote(model.name)}"
        # the driver takes a lone percent sign for a parameter
        select = model.select.replace("%", "%%")
        if not model.is_table:
            if model.name not in self._made:
                connection.exec_driver_sql(f"create view {relation} as {select}")
                self._made.add(model.name)
            return
        if model.name not in self._made:
            self._create(connection, relation, model, select)
            self._made.add(model.name)
        else:
            connection.exec_driver_sql(f"truncate {relation}")
        names = ", ".join(quote(name) for name, _ in model.columns) or "*"
        target = f"({names})" if model.columns else ""
        connection.exec_driver_sql(f"insert into {relation} {target} select {names} from (\n{select}\n) as evaluated")
        connection.exec_driver_sql(f"analyze {relation}")

    def _create(self, connection: sa.Connection, relation: str, model: CompiledModel, select: str) -> None:
        if model.columns:
            columns = ", ".join(f"{quote(name)} {kind}" for name, kind in model.columns)
            connection.exec_driver_sql(f"create table {relation} ({columns})")
        else:
            connection.exec_driver_sql(f"create table {relation} as select * from (\n{select}\n) as shape with no data")


@contextmanager
def aside(
    settings: Settings, engine: sa.Engine, purpose: str, known_at: datetime | None = None, keep: Collection[str] = ()
) -> Iterator[Aside]:
    """An evaluation aside for a purpose (one of PURPOSES); its schemas are dropped afterwards, but for those to `keep`.

    Args:
        known_at: landing as it was known at this instant; None: as it is now.
        keep: schemas, without prefix, that outlive it until the next evaluation for the purpose.

    Raises:
        AsideBusy: another evaluation for this purpose is at work.
        DbtFailed: a model does not compile.
    """
    project = compile_models(settings, f"{purpose}_")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
        if not _take(holder, purpose):
            raise AsideBusy(f"another evaluation for {purpose} is at work in this warehouse: wait for it")
        try:
            _drop(engine, purpose, SCHEMAS)
            _furnish(engine, purpose, project, known_at)
            yield Aside(engine, purpose, project)
        finally:
            _drop(engine, purpose, [schema for schema in SCHEMAS if schema not in keep])
            holder.execute(sa.select(sa.func.pg_advisory_unlock(_lock(purpose))))


def drop_leftovers(engine: sa.Engine) -> list[str]:
    """Drop the schemas that killed evaluations left behind; the purposes that had some."""
    found = []
    for purpose in PURPOSES:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
            if not _take(holder, purpose):
                continue
            # what is kept on purpose has no landing any more
            if holder.scalar(sa.text("select to_regnamespace(:name)"), {"name": f"{purpose}_landing"}) is not None:
                _drop(engine, purpose, SCHEMAS)
                found.append(purpose)
            holder.execute(sa.select(sa.func.pg_advisory_unlock(_lock(purpose))))
    return found


def _lock(purpose: str) -> sa.ColumnElement[int]:
    return sa.func.hashtext(f"cvp evaluation aside: {purpose}")


def _take(connection: sa.Connection, purpose: str) -> bool:
    return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_lock(purpose)))))


def _drop(engine: sa.Engine, purpose: str, schemas: Collection[str]) -> None:
    with engine.begin() as connection:
        for schema in schemas:
            connection.execute(sa.schema.DropSchema(f"{purpose}_{schema}", cascade=True, if_exists=True))


def _furnish(engine: sa.Engine, purpose: str, project: CompiledProject, known_at: datetime | None) -> None:
    """Make the schemas, the views of landing, the copies of `control` and of the rules."""
    with engine.begin() as connection:
        for schema in SCHEMAS:
            connection.execute(sa.schema.CreateSchema(f"{purpose}_{schema}"))
        for table in project.sources["landing"]:
            connection.exec_driver_sql(f"create view {purpose}_landing.{quote(table)} as {_known(table, known_at)}")
        copied = [("control", table) for table in project.sources["control"]]
        copied += [("rules", table) for table in project.seeds]
        for schema, table in copied:
            source = f"{schema}.{quote(table)}"
            connection.exec_driver_sql(f"create table {purpose}_{source} as table {source}")
            connection.exec_driver_sql(f"analyze {purpose}_{source}")


def _known(table: str, known_at: datetime | None) -> str:
    if known_at is None:
        return f"select * from landing.{quote(table)}"
    if table in LANDING:
        return known_versions(table, known_at)
    return f"select * from landing.{quote(table)} where known_to <= timestamptz '{known_at.isoformat()}'"
