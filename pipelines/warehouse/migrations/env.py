"""Alembic's entry point: runs the revisions on the connection that `upgrade` hands over."""

from alembic import context

from pipelines.warehouse.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="schema_version",
    version_table_schema="control",
    include_schemas=True,
)
context.run_migrations()
