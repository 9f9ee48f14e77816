"""The warehouse's own tables on a real server."""

import json
import re
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipelines.contract import ENTITIES
from pipelines.warehouse import migrations
from pipelines.warehouse.schema import LANDING_HISTORY, metadata


def test_upgrade_makes_every_declared_table_and_can_be_repeated(warehouse):
    migrations.upgrade(warehouse.engine)
    inspector = sa.inspect(warehouse.engine)
    for schema in ("landing", "control"):
        declared = {table.name for table in metadata.tables.values() if table.schema == schema}
        assert declared <= set(inspector.get_table_names(schema))


def _differences(connection: sa.Connection) -> list[object]:
    def own(name: str | None, kind: str, _: object) -> bool:
        return kind != "schema" or name in migrations.OWN_SCHEMAS

    options = {"include_schemas": True, "include_name": own, "compare_type": True, "version_table": "schema_version"}
    context = MigrationContext.configure(connection, opts=options | {"version_table_schema": "control"})
    return compare_metadata(context, metadata)


def test_the_revisions_add_up_to_the_declared_tables(warehouse):
    with warehouse.engine.begin() as connection:
        assert _differences(connection) == []
        connection.execute(sa.text("alter table control.watermark drop column advanced_at"))
        assert len(_differences(connection)) == 1


def test_the_landing_tables_leave_room_for_changed_rows_and_make_it_by_day(warehouse):
    options = "select oid::regclass::text, reloptions from pg_class where relnamespace = 'landing'::regnamespace"
    with warehouse.engine.connect() as connection:
        found = connection.execute(sa.text(options)).all()
    assert {
        f"landing.{entity.name}": ["fillfactor=90", "autovacuum_vacuum_scale_factor=0.002"] for entity in ENTITIES
    }.items() <= {row[0]: row[1] for row in found}.items()


def _keys(connection: sa.Connection) -> dict[str, list[str]]:
    inspector = sa.inspect(connection)
    return {
        entity.name: inspector.get_pk_constraint(entity.name, schema="landing")["constrained_columns"]
        for entity in ENTITIES
    }


def test_a_landing_key_begins_with_the_rows_own_id(warehouse):
    with warehouse.engine.connect() as connection:
        assert _keys(connection) == {entity.name: [*entity.key, "source_system"] for entity in ENTITIES}


@pytest.fixture
def earlier(warehouse) -> sa.Engine:
    """A warehouse as it was before the revision `key_order`."""
    config = migrations.configuration()
    with warehouse.engine.begin() as connection:
        for schema in migrations.OWN_SCHEMAS:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))
            connection.execute(sa.schema.CreateSchema(schema))
        config.attributes["connection"] = connection
        command.upgrade(config, "lighter_nights")
    return warehouse.engine


def test_a_key_that_a_view_of_the_users_hangs_on_keeps_its_order(earlier):
    grouped = "select product_id, product_name from landing.product group by source_system, product_id"
    with earlier.begin() as connection:
        old = _keys(connection)
        assert old["sales_order_line"] == ["source_system", "order_id", "line_number"]
        connection.execute(sa.text(f"create view public.of_the_users as {grouped}"))
    migrations.upgrade(earlier)
    with earlier.connect() as connection:
        new = {entity.name: [*entity.key, "source_system"] for entity in ENTITIES}
        assert _keys(connection) == new | {"product": old["product"]}
        assert connection.execute(sa.text("select * from public.of_the_users")).all() == []


HISTORY = "select * from landing.landing_history order by entity, source_system, key, known_from"
LINE = {
    "source_system": "erp", "order_id": "O1", "line_number": 2, "product_id": "钢", "quantity": 1.5,
    "unit_price": 7.25, "unit_cost": None, "promised_on": "2024-02-29", "is_cancelled": False,
    "updated_at": "2024-01-31T12:00:00.123456+00:00", "extracted_at": "2024-02-01T00:00:00+00:00",
}  # fmt: skip
RATE = {
    "source_system": "bank", "currency": "EUR", "rate_on": "2024-02-29", "rate": 7.8212345678901234,
    "updated_at": None, "extracted_at": "2024-03-01T00:00:00+00:00",
}  # fmt: skip
PRICE = "12345678901234567890.1234567890"


def test_history_that_was_kept_as_json_reads_the_same_when_it_is_typed(earlier):
    insert = sa.text(
        "insert into landing.landing_history"
        " values (:source, :entity, :key, cast(:row as jsonb), :known_from, :known_to, :by, 'night')"
    )
    versions = [
        ("sales_order_line", "O1\x1f2", LINE, "2024-02-02 00:00+00", "update"),
        ("sales_order_line", "O1\x1f2", LINE | {"quantity": 2, "extracted_at": "2024-02-02T00:00:00+00:00"},
         "2024-02-03 00:00+00", "delete"),
        ("sales_order_line", "O2\x1f2", {k: v for k, v in (LINE | {"order_id": "O2"}).items() if k != "unit_price"},
         "2024-02-04 00:00+00", "delete"),
        ("exchange_rate", "EUR\x1f2024-02-29", RATE, "2024-03-02 00:00+00", "update"),
    ]  # fmt: skip
    with earlier.begin() as connection:
        for entity, key, row, known_to, by in versions:
            names = {"source": row["source_system"], "entity": entity, "key": key, "by": by, "known_to": known_to}
            names |= {"known_from": row["extracted_at"], "row": json.dumps(row).replace("7.25", PRICE)}
            connection.execute(insert, names)
        before = connection.execute(sa.text(HISTORY)).mappings().all()
        assert len(before) == len(versions)
    migrations.upgrade(earlier)
    with earlier.connect() as connection:
        after = connection.execute(sa.text(HISTORY)).mappings().all()
        assert [{**one, "row": {k: v for k, v in one["row"].items() if k in known["row"]}}
                for one, known in zip(after, before, strict=True)] == [dict(known) for known in before]  # fmt: skip
        quantities = "select quantity, unit_price from landing.sales_order_line_history order by known_to"
        assert connection.execute(sa.text(quantities)).all() == [
            (Decimal("1.5"), Decimal(PRICE)), (Decimal(2), Decimal(PRICE)), (Decimal("1.5"), None),
        ]  # fmt: skip


def test_the_history_of_all_entities_can_be_looked_at_in_one_place(warehouse):
    with warehouse.engine.connect() as connection:
        shown = connection.scalar(sa.text("select pg_get_viewdef('landing.landing_history')"))
    assert {name for name in re.findall(r"landing\.(\w+)", shown)} == {table.name for table in LANDING_HISTORY.values()}


def test_the_revisions_are_one_chain():
    assert len(ScriptDirectory.from_config(migrations.configuration()).get_heads()) == 1
