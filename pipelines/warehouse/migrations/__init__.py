"""Alembic revisions of the schemas `landing` and `control`; `upgrade` brings a warehouse to the newest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pipelines.warehouse import (  # noqa: F401 - their tables belong to the metadata that revisions add up to
    alert_schema,
    calibration_schema,
)
from pipelines.warehouse.connection import READER_ROLE

OWN_SCHEMAS = ("landing", "control", "published", "publication")


def configuration() -> Config:
    """Alembic's configuration: the revisions beside this file, no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("version_path_separator", "os")
    return config


def upgrade(engine: sa.Engine) -> None:
    """Create or upgrade the warehouse's own schemas and tables, in one transaction; nothing to do where current."""
    with engine.begin() as connection:
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('cvp migrations'))"))
        for schema in OWN_SCHEMAS:
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _grant_reader(connection)


def _grant_reader(connection: sa.Connection) -> None:
    """Let the BI role, where there is one, see `published` and nothing else."""
    if connection.scalar(sa.text("select 1 from pg_roles where rolname = :role"), {"role": READER_ROLE}):
        connection.execute(sa.text(f'grant usage on schema published to "{READER_ROLE}"'))
        connection.execute(sa.text(f'grant select on all tables in schema published to "{READER_ROLE}"'))
        connection.execute(
            sa.text(f'alter default privileges in schema published grant select on tables to "{READER_ROLE}"')
        )
