"""The warehouse's own tables on a real server."""

import sqlalchemy as sa

from pipelines.warehouse import migrations
from pipelines.warehouse.schema import metadata


def test_upgrade_makes_every_declared_table_and_can_be_repeated(warehouse):
    migrations.upgrade(warehouse.engine)
    inspector = sa.inspect(warehouse.engine)
    for schema in ("landing", "control"):
        declared = {table.name for table in metadata.tables.values() if table.schema == schema}
        assert declared <= set(inspector.get_table_names(schema))
