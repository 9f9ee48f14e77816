"""The warehouse's side of an extraction: one transaction, and the names that all statements of one entity share."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Values
from contextlib import contextmanager
from typing import IO, Any

import psycopg
import sqlalchemy as sa

from pipelines.extract.transfer import blocks

# The little that the planner asks of a table of our own is in any thousand rows.
OWN_STATISTICS = {"default_statistics_target": "10"}


class Transaction:
    """Statements with bound names: those given with a statement, else those in `names`."""

    def __init__(self, connection: sa.Connection, names: dict[str, Any]) -> None:
        self.connection = connection
        self.names = names

    @property
    def driver(self) -> psycopg.Connection[Any]:
        driver: psycopg.Connection[Any] = self.connection.connection.driver_connection  # type: ignore[assignment]
        return driver

    def run(self, sql: str, values: Values[str, Any] | None = None) -> int:
        """Run a statement; how many rows it wrote."""
        return self.connection.execute(*self._bound(sql, values)).rowcount

    def scalar(self, sql: str, values: Values[str, Any] | None = None) -> Any:
        """The first column of a select's first row."""
        return self.connection.scalar(*self._bound(sql, values))

    @contextmanager
    def stream(self, sql: str, values: Values[str, Any] | None = None) -> Iterator[Iterator[Any]]:
        """The first column of a select's rows, which may be many: some at a time."""
        statement, given = self._bound(sql, values)
        with self.connection.execute(statement, given, execution_options={"stream_results": True}) as found:
            yield iter(found.scalars())

    def copy(self, sql: str, lines: IO[bytes]) -> None:
        """COPY a file of lines, and close it."""
        with lines, self.driver.cursor() as cursor, cursor.copy(sql) as writer:
            for block in blocks(lines):
                writer.write(block)

    @contextmanager
    def planned(self, settings: Values[str, str]) -> Iterator[None]:
        """What runs inside is planned with these settings; an error needs no undoing, it ends the transaction."""
        for name, value in settings.items():
            self.run(f"set local {name} = {value}")
        yield
        for name in settings:
            self.run(f"set local {name} to default")

    def analyze_own(self, table: str) -> None:
        """Tell the planner about a table of the transaction's own."""
        with self.planned(OWN_STATISTICS):
            self.run(f"analyze {table}")

    def _bound(self, sql: str, values: Values[str, Any] | None) -> tuple[sa.TextClause, dict[str, Any]]:
        statement = sa.text(sql)
        given = self.names | dict(values or {})
        return statement, {name: given[name] for name in statement._bindparams}
