"""What a source looks like from outside: tables, columns, keys, references, indexes and comments, of every kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector, ObjectKind

from pipelines.extract.files import FilesSource
from pipelines.extract.mysql import MysqlSource
from pipelines.extract.source import Source
from pipelines.extract.sqlite import file_of
from pipelines.sources.mapping import EntityMapping, SourceKind

_HIDDEN_SCHEMAS = ("information_schema", "pg_catalog", "pg_toast", "sys", "mysql", "performance_schema")
MYSQL_RELATIONS = "table_type in ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')"
_URL_KINDS = {"postgresql": SourceKind.POSTGRES, "postgres": SourceKind.POSTGRES, "mysql": SourceKind.MYSQL,
              "mariadb": SourceKind.MYSQL, "sqlite": SourceKind.SQLITE, "duckdb": SourceKind.DUCKDB}  # fmt: skip


@dataclass(frozen=True)
class SourceColumn:
    """One column. `family`: text, number, date, flag or other; text may hold anything."""

    name: str
    family: str
    comment: str = ""


@dataclass
class SourceTable:
    """One table or view. `mapped_name` is how a mapping spells it; `references`: column -> plain name of a table."""

    name: str
    mapped_name: str
    comment: str = ""
    columns: list[SourceColumn] = field(default_factory=list)
    key: tuple[str, ...] = ()
    references: dict[str, str] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)


def kind_of(location: str) -> SourceKind:
    """The kind of a URL, a file (by its first bytes) or a folder.

    Raises:
        ValueError: there is no such file, or it is none that can be read.
    """
    scheme, is_url, _ = location.partition("://")
    if scheme in ("http", "https"):
        raise ValueError("an API has no tables to look at: begin with the example in pipelines/sources/README.md")
    if is_url:
        return _URL_KINDS.get(scheme.partition("+")[0], SourceKind.SQLALCHEMY)
    path = Path(location).expanduser()
    if path.is_dir():
        return SourceKind.FILES
    if not path.is_file():
        raise ValueError(f"there is no file or folder {path}")
    with path.open("rb") as handle:
        head = handle.read(16)
    if head.startswith(b"SQLite format 3"):
        return SourceKind.SQLITE
    if head[8:12] == b"DUCK":
        return SourceKind.DUCKDB
    raise ValueError(f"{path} is neither a SQLite nor a DuckDB file: for CSV or Parquet name their folder")


def reflect(source: Source, unread: Collection[str] = ()) -> list[SourceTable]:
    """Every table and view of an opened source, in the order of their names, but for a folder's `unread` tables."""
    readers: dict[SourceKind, Callable[[Source], Iterable[SourceTable]]] = {
        SourceKind.MYSQL: _mysql_tables,
        SourceKind.DUCKDB: _duckdb_tables,
        SourceKind.FILES: partial(_files, unread=unread),
    }
    read = readers.get(source.mapping.kind, _inspected_tables)
    return sorted(read(source), key=lambda table: table.mapped_name)


def family_of_duckdb(duckdb_type: str) -> str:
    """The family of a DuckDB type."""
    name = duckdb_type.split("(")[0]
    if name.startswith(("TIMESTAMP", "DATE")):
        return "date"
    if name in ("BOOLEAN", "BIT"):
        return "flag"
    if name in ("DOUBLE", "FLOAT", "DECIMAL") or name.endswith("INT") or name == "INTEGER":
        return "number"
    return "text" if name == "VARCHAR" else "other"


def _family_of_sql(column_type: sa.types.TypeEngine[object]) -> str:
    families: list[tuple[tuple[type, ...], str]] = [
        ((sa.Boolean,), "flag"),
        ((sa.Date, sa.DateTime), "date"),
        ((sa.Numeric, sa.Integer), "number"),
        ((sa.String, sa.Enum, sa.types.NullType), "text"),
    ]
    return next((family for types, family in families if isinstance(column_type, types)), "other")


def _inspected_tables(source: Source) -> Iterable[SourceTable]:
    """By SQLAlchemy's inspector."""
    url = sa.make_url(source.location) if "://" in source.location else None
    if source.mapping.kind is SourceKind.SQLITE:
        url = sa.URL.create("sqlite", database=str(file_of(source.location)))
    elif source.mapping.kind is SourceKind.POSTGRES and url is not None:
        url = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url or source.location)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        schemas: list[str | None] = [None]
        if source.mapping.kind is SourceKind.POSTGRES:
            schemas = [name for name in inspector.get_schema_names() if name not in _HIDDEN_SCHEMAS]
        found = [table for schema in schemas for table in _schema_tables(inspector, schema)]
    engine.dispose()
    return found


def _schema_tables(inspector: Inspector, schema: str | None) -> Iterable[SourceTable]:
    kind = ObjectKind.ANY
    keys, references = (
        inspector.get_multi_pk_constraint(schema, kind=kind),
        inspector.get_multi_foreign_keys(schema, kind=kind),
    )
    indexes = inspector.get_multi_indexes(schema, kind=kind)
    try:
        comments = inspector.get_multi_table_comment(schema, kind=kind)
    except NotImplementedError:
        comments = {}
    for place, columns in inspector.get_multi_columns(schema, kind=kind).items():
        yield SourceTable(
            name=place[1],
            mapped_name=_dotted(place[1], schema) if schema else place[1],
            comment=comments[place]["text"] or "" if place in comments else "",
            columns=[
                SourceColumn(column["name"], _family_of_sql(column["type"]), column.get("comment") or "")
                for column in columns
            ],
            key=tuple(keys[place]["constrained_columns"] if place in keys else ()),
            references={
                reference["constrained_columns"][0]: reference["referred_table"]
                for reference in references.get(place, [])
                if len(reference["constrained_columns"]) == 1
            },
            indexed={str(index["column_names"][0]) for index in indexes.get(place, []) if index["column_names"]},
        )


def _dotted(name: str, schema: str) -> str:
    return ".".join(
        '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part for part in (schema, name)
    )


def _mysql_tables(source: Source) -> Iterable[SourceTable]:
    if not isinstance(source, MysqlSource):
        return
    here = "table_schema = database()"
    tables: dict[str, SourceTable] = {}
    for name, comment in _texts(source, "tables", ["table_name", "table_comment"], f"{here} and {MYSQL_RELATIONS}"):
        tables[name] = SourceTable(name, _dotted_alone(name), "" if comment == "VIEW" else comment)
    columns = ["table_name", "column_name", "data_type", "column_type", "column_comment"]
    in_order = f"{here} order by table_name, ordinal_position"
    for table, name, data_type, column_type, comment in _texts(source, "columns", columns, in_order):
        if table in tables:
            tables[table].columns.append(SourceColumn(name, _family_of_mysql(data_type, column_type), comment))
    keys: dict[str, list[str]] = defaultdict(list)
    usage = ["table_name", "column_name", "constraint_name", "coalesce(referenced_table_name, '')"]
    for table, column, constraint, referred in _texts(
        source, "key_column_usage", usage, f"{here} order by table_name, constraint_name, ordinal_position"
    ):
        if referred:
            tables[table].references[column] = referred
        elif constraint == "PRIMARY":
            keys[table].append(column)
    first = f"{here} and seq_in_index = 1"
    for table, column in _texts(source, "statistics", ["table_name", "column_name"], first):
        tables[table].indexed.add(column)
    for name, found in tables.items():
        found.key = tuple(keys[name])
        yield found


def _texts(source: MysqlSource, view: str, columns: list[str], condition: str) -> list[tuple[str, ...]]:
    """Rows of a view of information_schema, all text: some of its columns are of other character sets."""
    cast = ", ".join(f"cast({column} as char) as c{place}" for place, column in enumerate(columns))
    return source.rows(f"select {cast} from information_schema.{view} where {condition}")


def _family_of_mysql(data_type: str, column_type: str) -> str:
    """BOOLEAN is MySQL's word for tinyint(1)."""
    if column_type.startswith(("tinyint(1)", "bit(1)")):
        return "flag"
    if data_type in ("date", "datetime", "timestamp"):
        return "date"
    if data_type in ("decimal", "float", "double") or data_type.endswith("int"):
        return "number"
    return "text" if data_type.endswith(("char", "text", "enum", "set")) else "other"


def _dotted_alone(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _duckdb_tables(source: Source) -> Iterable[SourceTable]:
    tables: dict[tuple[str, str], SourceTable] = {}
    for schema, table, column, data_type, comment in _ask(
        source.engine,
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()"
        " where database_name = 'source' and not internal order by schema_name, table_name, column_index",
    ):
        spelled = _dotted_alone(table) if schema == "main" else _dotted(table, schema)
        found = tables.setdefault((schema, table), SourceTable(table, spelled))
        found.columns.append(SourceColumn(column, family_of_duckdb(data_type), comment))
    for schema, table, kind, columns, referred in _ask(
        source.engine,
        "select schema_name, table_name, constraint_type, constraint_column_names, referenced_table"
        " from duckdb_constraints() where database_name = 'source'",
    ):
        if kind == "PRIMARY KEY":
            tables[schema, table].key = tuple(columns)
        elif kind == "FOREIGN KEY" and len(columns) == 1:
            tables[schema, table].references[columns[0]] = referred
    return tables.values()


def _ask(engine: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, ...]]:
    return engine.execute(sql).fetchall()


def _files(source: Source, unread: Collection[str]) -> Iterable[SourceTable]:
    if not isinstance(source, FilesSource):
        return
    for stem in source.stems():
        if stem in unread:
            continue
        types = source.columns(EntityMapping(table=stem, columns={}))
        columns = [SourceColumn(name, family_of_duckdb(data_type)) for name, data_type in types.items()]
        yield SourceTable(stem, stem, columns=columns)
