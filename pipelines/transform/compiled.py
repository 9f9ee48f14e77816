"""The models as SQL: what dbt compiles, for running a night's evaluation beside the warehouse's own schemas.

dbt takes seconds a layer to say what PostgreSQL does in tenths of one, and builds into fixed schemas. Compiled once for
a set of schemas of its own, the models evaluate any number of dates and never touch the night's tables.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings
from pipelines.transform.dbt import DBT_PROJECT, TELEMETRY_OFF, DbtFailed, project_manifest
from pipelines.warehouse.connection import dbt_environment

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class CompiledModel:
    """One model: where it stands, the select that makes it, what it reads.

    `columns` are the names and types of an enforced contract, empty where there is none. `reads` names models.
    """

    name: str
    layer: str
    schema: str
    is_table: bool
    select: str
    columns: tuple[tuple[str, str], ...]
    reads: frozenset[str]


@dataclass(frozen=True)
class CompiledProject:
    """The models in an order in which each comes after what it reads; sources and seeds by schema, without prefix."""

    models: tuple[CompiledModel, ...]
    sources: Mapping[str, tuple[str, ...]]
    seeds: tuple[str, ...]

    def needed_for(self, names: Iterable[str]) -> frozenset[str]:
        """The named models and all that they read, directly or not.

        Raises:
            KeyError: a name is no model's.
        """
        by_name = {model.name: model for model in self.models}
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += by_name[name].reads
        return frozenset(found)


def compile_models(settings: Settings, prefix: str) -> CompiledProject:
    """All models, reading and standing in the schemas whose names begin with `prefix`; compiled once a process.

    Raises:
        DbtFailed: a model does not compile.
    """
    return _compiled(settings.model_dump_json(), prefix)


@lru_cache(maxsize=4)
def _compiled(settings_text: str, prefix: str) -> CompiledProject:
    settings = Settings.model_validate_json(settings_text)
    manifest = project_manifest(settings).deepcopy()  # type: ignore[no-untyped-call]
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        # a ref or a source is rendered from its node's schema; nothing is parsed again
        node.schema = prefix + node.schema
    nodes = [node for node in _compile(settings, manifest) if node.resource_type == "model"]
    names = {node.unique_id: node.name for node in nodes}
    sources: dict[str, tuple[str, ...]] = {}
    for source in sorted(manifest.sources.values(), key=lambda one: one.identifier):
        schema = source.schema.removeprefix(prefix)
        sources[schema] = (*sources.get(schema, ()), source.identifier)
    return CompiledProject(
        models=tuple(_in_reading_order([_model(node, names) for node in nodes])),
        sources=sources,
        seeds=tuple(sorted(node.name for node in manifest.nodes.values() if node.resource_type == "seed")),
    )


def _compile(settings: Settings, manifest: Manifest) -> list[Any]:
    from dbt.cli.main import dbtRunner

    os.environ.update(dbt_environment(settings) | TELEMETRY_OFF)
    work = settings.home / "dbt"
    # Nothing is asked of the database: no session that a night's beginning could take for a dead dbt's.
    command = ["--quiet", "--no-populate-cache", "compile", "--no-introspect", "--select", "resource_type:model"]
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    output = ["--target-path", str(work / "target_aside"), "--log-path", str(work / "logs")]
    result: Any = dbtRunner(manifest=manifest).invoke([*command, *folders, *output])
    if result.exception is not None or not result.success:
        raise DbtFailed(f"dbt compile: {result.exception}") from result.exception
    return [one.node for one in result.result.results]


def _model(node: Any, names: Mapping[str, str]) -> CompiledModel:
    is_contracted = node.config.contract.enforced
    return CompiledModel(
        name=node.name,
        layer=node.fqn[1],
        schema=node.schema,
        is_table=node.config.materialized == "table",
        select=node.compiled_code,
        columns=tuple((one.name, one.data_type) for one in node.columns.values()) if is_contracted else (),
        reads=frozenset(names[parent] for parent in node.depends_on.nodes if parent in names),
    )


def _in_reading_order(models: list[CompiledModel]) -> list[CompiledModel]:
    waiting = {model.name: model for model in sorted(models, key=lambda one: one.name)}
    ordered: list[CompiledModel] = []
    while waiting:
        ready = [name for name, model in waiting.items() if not model.reads & waiting.keys()]
        ordered += [waiting.pop(name) for name in ready]
    return ordered
