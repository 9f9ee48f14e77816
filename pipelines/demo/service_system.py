"""The service and CRM system: a SQLite file with names of its own, dates and instants as text, money in fen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from pipelines.demo.company import DemoSize, Known
from pipelines.demo.timeline import NULL, Array

ORIGIN_DAY = np.datetime64("2000-01-01")
ORIGIN_SECOND = np.datetime64("2000-01-01T00:00:00")


@dataclass(frozen=True)
class CrmTable:
    """A table: name, key columns, column -> what it holds (text, integer, date, instant)."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, str]

    @property
    def stamp(self) -> str:
        return "EnteredAt" if "EnteredAt" in self.columns else "ModifiedAt"


TABLES = (
    CrmTable("Ticket", ("TicketNo",), {
        "TicketNo": "text", "AccountCode": "text", "SalesOrderRef": "text", "TicketType": "text", "Priority": "integer",
        "Subject": "text", "OpenedAt": "instant", "ClosedAt": "instant", "CostFen": "integer", "ModifiedAt": "instant",
    }),
    CrmTable("SurveyAnswer", ("SurveyNo", "Question"), {
        "SurveyNo": "text", "Question": "text", "AccountCode": "text", "AnsweredOn": "date", "ExpectedScore": "integer",
        "PerceivedScore": "integer", "ModifiedAt": "instant",
    }),
    CrmTable("Activity", ("ActivityId",), {
        "ActivityId": "integer", "AccountCode": "text", "ActivityDate": "date", "Channel": "text",
        "EnteredAt": "instant",
    }),
    CrmTable("AccountOwner", ("AccountCode", "FromDate"), {
        "AccountCode": "text", "OwnerCode": "text", "FromDate": "date", "ToDate": "date", "ModifiedAt": "instant",
    }),
    CrmTable("MarketPotential", ("AccountCode", "PotentialYear"), {
        "AccountCode": "text", "PotentialYear": "integer", "TotalKg": "integer", "ModifiedAt": "instant",
    }),
    CrmTable("JointProject", ("ProjectNo",), {
        "ProjectNo": "text", "AccountCode": "text", "ProjectType": "text", "StartDate": "date", "EndDate": "date",
        "ReferredAccountCode": "text", "ModifiedAt": "instant",
    }),
)  # fmt: skip
BY_NAME = {table.name: table for table in TABLES}
SQL_TYPES = {"text": "TEXT", "integer": "INTEGER", "date": "TEXT", "instant": "TEXT"}


def _python_values(kind: str, values: Array) -> list[object]:
    """The values as SQLite takes them: None for null, dates and instants as ISO text."""
    if kind == "text":
        return [text.decode() or None for text in values.tolist()]
    null = values == NULL
    safe = np.where(null, 0, values)
    if kind == "date":
        listed = np.datetime_as_string(ORIGIN_DAY + safe.astype("timedelta64[D]")).tolist()
    elif kind == "instant":
        instants = np.datetime_as_string(ORIGIN_SECOND + safe.astype("timedelta64[s]"))
        listed = np.char.replace(instants, "T", " ").tolist()
    else:
        listed = safe.tolist()
    if null.any():
        return [None if missing else value for value, missing in zip(listed, null.tolist(), strict=True)]
    return list(listed)


def _write(connection: sqlite3.Connection, rows: Iterable[tuple[str, dict[str, Array]]]) -> dict[str, int]:
    counts = {table.name: 0 for table in TABLES}
    for name, columns in rows:
        table = BY_NAME[name]
        names = list(table.columns)
        if not len(columns[names[0]]):
            continue
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in names if column not in table.key)
        statement = (
            f'insert into "{name}" ({", ".join(names)}) values ({", ".join("?" * len(names))}) '
            f"on conflict ({', '.join(table.key)}) do update set {changes}"
        )
        values = [_python_values(kind, columns[column]) for column, kind in table.columns.items()]
        connection.executemany(statement, zip(*values, strict=True))
        counts[name] += len(values[0])
    return counts


def _create(connection: sqlite3.Connection, known: Known) -> None:
    for table in TABLES:
        columns = ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in table.columns.items())
        connection.execute(f'create table "{table.name}" ({columns}, primary key ({", ".join(table.key)}))')
    connection.execute("create table DemoBuild (Customers integer, Lines integer, Seed integer, KnownUntil text)")
    build = (known.size.customers, known.size.lines, known.seed, known.until.isoformat())
    connection.execute("insert into DemoBuild values (?, ?, ?, ?)", build)


def create_file(path: Path, known: Known, rows: Iterable[tuple[str, dict[str, Array]]]) -> dict[str, int]:
    """A new file in place of any before it; it appears whole or not at all. Returns the rows by table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        connection.execute("pragma synchronous = off")
        connection.execute("begin")
        _create(connection, known)
        counts = _write(connection, rows)
        for table in TABLES:
            connection.execute(f'create index "{table.name}_{table.stamp}" on "{table.name}" ("{table.stamp}")')
        connection.execute("commit")
    unfinished.replace(path)
    return counts


def read_known(path: Path) -> Known | None:
    """The file's own record; None where there is no finished file."""
    if not path.is_file():
        return None
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("select Customers, Lines, Seed, KnownUntil from DemoBuild").fetchone()
    return Known(DemoSize(row[0], row[1]), row[2], date.fromisoformat(row[3]))


def merge(path: Path, until: date, rows: Iterable[tuple[str, dict[str, Array]]]) -> dict[str, int]:
    """New rows in, changed rows over their former state, in one transaction; returns the rows written by table."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        counts = _write(connection, rows)
        connection.execute("update DemoBuild set KnownUntil = ?", (until.isoformat(),))
        connection.execute("commit")
    return counts
