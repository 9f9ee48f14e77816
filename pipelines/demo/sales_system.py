"""The sales system: a PostgreSQL database with an ERP's own schemas, written in bulk.

Table and column names are those of a grown ERP (after SAP's): `md` master data, `mm` materials, `sd` sales, `fi`
finance. `demo_truth` is no part of the ERP: it holds what the generator knows, and no mapping reads it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from pipelines.demo.binary_copy import Field, encode
from pipelines.demo.company import DemoSize, Known
from pipelines.demo.timeline import Array

logger = logging.getLogger(__name__)

STAMP = Field("aedat", "timestamp", "Geändert am: last change, local time")


@dataclass(frozen=True)
class ErpTable:
    """A table: schema, name, comment, key columns, fields in order."""

    schema: str
    name: str
    comment: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


def _field(name: str, type_: str, comment: str) -> Field:
    return Field(name, type_, comment)


TABLES = (
    ErpTable("md", "kna1", "Kundenstamm: customer master", ("kunnr",), (
        _field("kunnr", "varchar(10)", "Debitor: customer number"),
        _field("name1", "varchar(120)", "Name"),
        _field("brsch", "varchar(4)", "Branche: industry key"),
        _field("regio", "varchar(3)", "Region key"),
        _field("vkbur", "varchar(4)", "Verkaufsbüro: sales office"),
        _field("erdat", "date", "Kunde seit: customer since"),
        _field("klimk", "numeric(15,2)", "Kreditlimit, CNY"),
        _field("waers", "varchar(5)", "Währung: usual currency"),
        STAMP,
    )),
    ErpTable("mm", "mara", "Materialstamm: material master", ("matnr",), (
        _field("matnr", "varchar(18)", "Material number"),
        _field("maktx", "varchar(120)", "Kurztext: description"),
        _field("matkl", "varchar(9)", "Warengruppe: material group"),
        _field("zzpremium", "varchar(1)", "Premium grade: X yes, - no, empty not judged"),
        _field("mstde", "date", "Markteinführung: launched on"),
        STAMP,
    )),
    ErpTable("sd", "vbak", "Auftragskopf: sales order heads", ("vbeln",), (
        _field("vbeln", "varchar(10)", "Auftrag: order number"),
        _field("auart", "varchar(4)", "Auftragsart: TA domestic, ZEX export"),
        _field("kunnr", "varchar(10)", "Auftraggeber: sold-to party"),
        _field("audat", "date", "Belegdatum: order date"),
        _field("pernr", "varchar(8)", "Verkäufer: salesperson"),
        _field("waerk", "varchar(5)", "Belegwährung; empty: CNY"),
        _field("abstk", "varchar(1)", "Absagestatus: A nothing rejected, C all rejected"),
        _field("gbstk", "varchar(1)", "Gesamtstatus: A open, C completed"),
        _field("erdat", "timestamp", "Angelegt am: entered"),
        STAMP,
    )),
    ErpTable("sd", "vbap", "Auftragspositionen: sales order items", ("vbeln", "posnr"), (
        _field("vbeln", "varchar(10)", "Auftrag: order number"),
        _field("posnr", "integer", "Position: 10, 20, ..."),
        _field("matnr", "varchar(18)", "Material number"),
        _field("kwmeng", "numeric(15,3)", "Auftragsmenge in vrkme"),
        _field("vrkme", "varchar(3)", "Mengeneinheit: always KG"),
        _field("netpr", "numeric(13,2)", "Nettopreis per kpein KG, order currency"),
        _field("kpein", "integer", "Preiseinheit: 1000"),
        _field("stprs", "numeric(13,2)", "Standardkosten per kpein KG, order currency; empty: unknown"),
        _field("edatu", "date", "Wunschlieferdatum: promised on"),
        _field("abgru", "varchar(2)", "Absagegrund: 00 none, 10 customer, 20 credit, 30 no stock"),
        STAMP,
    )),
    ErpTable("sd", "lips", "Lieferpositionen: goods issued", ("vbeln_vl", "posnr_vl"), (
        _field("vbeln_vl", "varchar(10)", "Lieferung: delivery number"),
        _field("posnr_vl", "integer", "Lieferposition"),
        _field("vgbel", "varchar(10)", "Vorgängerbeleg: order number"),
        _field("vgpos", "integer", "Vorgängerposition: order item"),
        _field("wadat_ist", "date", "Warenausgang: goods issued on"),
        _field("lfimg", "numeric(13,3)", "Liefermenge in vrkme"),
        _field("vrkme", "varchar(3)", "Mengeneinheit: always KG"),
        STAMP,
    )),
    ErpTable("sd", "vbkk", "Kontraktkopf: contract heads", ("vbeln_k",), (
        _field("vbeln_k", "varchar(10)", "Kontrakt: contract number"),
        _field("kunnr", "varchar(10)", "Auftraggeber: customer"),
        _field("ktart", "varchar(2)", "Kontraktart: K0 spot, K1 preferred, K2 partner, K3 strategic"),
        _field("guebg", "date", "Gültig ab: valid from"),
        _field("gueen", "date", "Gültig bis: valid to"),
        STAMP,
    )),
    ErpTable("sd", "vbkp", "Kontraktpositionen: target quantities", ("vbeln_k", "posnr_k"), (
        _field("vbeln_k", "varchar(10)", "Kontrakt: contract number"),
        _field("posnr_k", "integer", "Position"),
        _field("matkl", "varchar(9)", "Warengruppe: material group"),
        _field("zmeng", "numeric(15,3)", "Zielmenge in vrkme over the whole term"),
        _field("vrkme", "varchar(3)", "Mengeneinheit: always KG"),
        STAMP,
    )),
    ErpTable("fi", "vbrk", "Fakturakopf: invoices", ("vbeln_vf",), (
        _field("vbeln_vf", "varchar(10)", "Faktura: invoice number"),
        _field("kunag", "varchar(10)", "Auftraggeber: customer"),
        _field("aubel", "varchar(10)", "Auftrag: order number; empty: collective invoice"),
        _field("fkdat", "date", "Fakturadatum: issued on"),
        _field("faedt", "date", "Fällig am: due on"),
        _field("netwr", "numeric(15,2)", "Nettowert in waerk"),
        _field("waerk", "varchar(5)", "Währung"),
        _field("augst", "varchar(1)", "Ausgleichsstatus: O open, C cleared"),
        STAMP,
    )),
    ErpTable("fi", "zahlung", "Zahlungseingänge: incoming payments", ("belnr",), (
        _field("belnr", "varchar(10)", "Beleg: payment document"),
        _field("rebzg", "varchar(10)", "Rechnungsbezug: invoice number"),
        _field("augdt", "date", "Valuta: paid on"),
        _field("wrbtr", "numeric(15,2)", "Betrag in waers"),
        _field("waers", "varchar(5)", "Währung; empty: the invoice's"),
        STAMP,
    )),
    ErpTable("fi", "tcurr", "Umrechnungskurse: exchange rates", ("kurst", "fcurr", "tcurr", "gdatu"), (
        _field("kurst", "varchar(4)", "Kurstyp: M average rate"),
        _field("fcurr", "varchar(5)", "Von-Währung: from"),
        _field("tcurr", "varchar(5)", "Nach-Währung: to"),
        _field("gdatu", "date", "Gültig am: quoted on"),
        _field("ukurs", "numeric(9,5)", "Kurs for ffact units"),
        _field("ffact", "integer", "Faktor: 1 or 100"),
        STAMP,
    )),
)  # fmt: skip
TRUTH = ErpTable("demo_truth", "customer_fate", "What the generator decided; delivered by no mapping", ("kunnr",), (
    _field("kunnr", "varchar(10)", "Customer number"),
    _field("cause", "varchar(24)", "Why it leaves: a cause of churn.md, no_cause, or empty: it stays"),
    _field("shows_from", "date", "From this day the cause leaves its traces"),
    _field("gone_from", "date", "From this day it orders nothing more"),
    _field("pauses_on", "date", "First day of a pause in its orders"),
    _field("resumes_on", "date", "Day after the pause"),
))  # fmt: skip
BY_NAME = {table.name: table for table in TABLES}
ERP_SCHEMAS = ("md", "mm", "sd", "fi")
SCHEMAS = (*ERP_SCHEMAS, TRUTH.schema)


def read_known(connection: psycopg.Connection) -> Known | None:
    """The database's own record, locked against others that would move it on; None where it holds no demo company."""
    found = connection.execute("select to_regclass('demo_truth.build') is not null").fetchone()
    if not found or not found[0]:
        return None
    row = connection.execute("select customers, lines, seed, known_until from demo_truth.build for update").fetchone()
    return Known(DemoSize(row[0], row[1]), row[2], row[3]) if row else None


def create_schemas(connection: psycopg.Connection, known: Known) -> None:
    """Empty tables and the record of the build; a demo company that lives there already is replaced."""
    if read_known(connection):
        logger.info("replacing the demo company in the sales database")
        for schema in SCHEMAS:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
    for schema in SCHEMAS:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    for table in (*TABLES, TRUTH):
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(field.type)) for field in table.fields
        )
        connection.execute(sql.SQL("create table {} ({})").format(table.identifier, columns))
        _comment(connection, table)
    _let_read(connection)
    connection.execute(
        "create table demo_truth.build (customers integer, lines integer, seed bigint, known_until date)"
    )
    record = (known.size.customers, known.size.lines, known.seed, known.until)
    connection.execute("insert into demo_truth.build values (%s, %s, %s, %s)", record)


def _let_read(connection: psycopg.Connection) -> None:
    """Whoever may connect may read the ERP; the truth stays its owner's."""
    for schema in ERP_SCHEMAS:
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("grant usage on schema {} to public").format(name))
        connection.execute(sql.SQL("grant select on all tables in schema {} to public").format(name))


def _comment(connection: psycopg.Connection, table: ErpTable) -> None:
    connection.execute(sql.SQL("comment on table {} is {}").format(table.identifier, sql.Literal(table.comment)))
    for field in table.fields:
        column = sql.Identifier(table.schema, table.name, field.name)
        connection.execute(sql.SQL("comment on column {} is {}").format(column, sql.Literal(field.comment)))


def copy_rows(
    connection: psycopg.Connection, target: sql.Composable, fields: Sequence[Field], columns: dict[str, Array]
) -> None:
    """Rows into a table of these fields that this transaction created, by binary COPY."""
    names = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields)
    statement = sql.SQL("copy {} ({}) from stdin (format binary, freeze)").format(target, names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in encode(fields, columns):
            copy.write(piece)


def fill(connection: psycopg.Connection, rows: Iterable[tuple[str, dict[str, Array]]]) -> dict[str, int]:
    """All rows into the empty tables; returns the number of rows by `schema.table`."""
    counts = {f"{table.schema}.{table.name}": 0 for table in TABLES}
    for name, columns in rows:
        table = BY_NAME[name]
        written = len(columns[table.fields[0].name])
        if written:
            copy_rows(connection, table.identifier, table.fields, columns)
        counts[f"{table.schema}.{table.name}"] += written
    return counts


def add_keys(connection: psycopg.Connection) -> None:
    """Primary keys, and an index on the change stamp, once the rows are there."""
    connection.execute("set local maintenance_work_mem = '256MB'")
    for table in (*TABLES, TRUTH):
        key = sql.SQL(", ").join(map(sql.Identifier, table.key))
        connection.execute(sql.SQL("alter table {} add primary key ({})").format(table.identifier, key))
        if STAMP in table.fields:
            connection.execute(sql.SQL("create index on {} (aedat)").format(table.identifier))
        connection.execute(sql.SQL("analyze {}").format(table.identifier))


def merge(connection: psycopg.Connection, rows: Iterable[tuple[str, dict[str, Array]]]) -> dict[str, int]:
    """New rows in, changed rows over their former state; returns the rows written by `schema.table`."""
    counts = {f"{table.schema}.{table.name}": 0 for table in TABLES}
    for name, columns in rows:
        table = BY_NAME[name]
        written = len(columns[table.fields[0].name])
        if written:
            _merge_table(connection, table, columns)
        counts[f"{table.schema}.{table.name}"] += written
    return counts


def _merge_table(connection: psycopg.Connection, table: ErpTable, columns: dict[str, Array]) -> None:
    arrived = sql.Identifier(f"arrived_{table.name}")
    names = sql.SQL(", ").join(sql.Identifier(field.name) for field in table.fields)
    connection.execute(sql.SQL("create temp table {} (like {})").format(arrived, table.identifier))
    copy_rows(connection, arrived, table.fields, columns)
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(field.name))
        for field in table.fields
        if field.name not in table.key
    )
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} on conflict ({}) do update set {}").format(
            table.identifier, names, names, arrived, key, changes
        )
    )
    connection.execute(sql.SQL("drop table {}").format(arrived))


def write_truth(connection: psycopg.Connection, columns: dict[str, Array]) -> None:
    """The ground truth, whole, future included."""
    copy_rows(connection, TRUTH.identifier, TRUTH.fields, columns)


def note_known(connection: psycopg.Connection, until: date) -> None:
    """The day up to which the database is known now."""
    connection.execute("update demo_truth.build set known_until = %s", (until,))
