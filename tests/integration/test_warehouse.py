"""The warehouse's own tables on a real server."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipelines.contract import ENTITIES
from pipelines.warehouse import migrations
from pipelines.warehouse.schema import metadata


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


def test_a_key_that_a_view_of_the_users_hangs_on_keeps_its_order(warehouse):
    old = {entity.name: ["source_system", *entity.key] for entity in ENTITIES}
    with warehouse.engine.begin() as connection:
        for table, key in old.items():
            connection.execute(sa.text(f"alter table landing.{table} drop constraint {table}_pkey"))
            connection.execute(sa.text(f"alter table landing.{table} add primary key ({', '.join(key)})"))
        grouped = "select product_id, product_name from landing.product group by source_system, product_id"
        connection.execute(sa.text(f"create view public.of_the_users as {grouped}"))
        connection.execute(sa.text("update control.schema_version set version_num = 'lighter_nights'"))
    migrations.upgrade(warehouse.engine)
    with warehouse.engine.connect() as connection:
        new = {entity.name: [*entity.key, "source_system"] for entity in ENTITIES}
        assert _keys(connection) == new | {"product": old["product"]}
        assert connection.execute(sa.text("select * from public.of_the_users")).all() == []


def test_the_revisions_are_one_chain():
    assert len(ScriptDirectory.from_config(migrations.configuration()).get_heads()) == 1
