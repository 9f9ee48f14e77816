"""A DuckDB database file as a source."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.extract.engine import quote_name, quote_text
from pipelines.extract.errors import AbsentRelation
from pipelines.extract.source import TYPED, Access, Relation, Source, select_from, split_name
from pipelines.sources.mapping import EntityMapping, Mapping


class DuckdbSource(Source):
    """A DuckDB file, opened read-only; a mapping's query is DuckDB SQL over its tables."""

    has_snapshots = True
    native_types = TYPED

    def __init__(self, engine: duckdb.DuckDBPyConnection, mapping: Mapping, access: Access) -> None:
        super().__init__(engine, mapping, access)
        file = Path(access.location.removeprefix("duckdb:///")).expanduser()
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file}: mend this source's location in the settings")
        engine.execute(f"attach {quote_text(str(file))} as source (read_only)")
        engine.execute("use source")

    def columns(self, entity: EntityMapping) -> dict[str, str]:
        try:
            return self._describe(f"select * from {_from(entity)}")
        except duckdb.CatalogException as error:
            if entity.table is None:
                raise
            raise AbsentRelation(f"table {entity.table}") from error

    def select(self, relation: Relation) -> str:
        return select_from(_from(relation.entity), relation)


def _from(entity: EntityMapping) -> str:
    if entity.table is None:
        return f"({entity.query}\n) as delivered"
    return ".".join(quote_name(part) for part in ["source", *split_name(entity.table)])
