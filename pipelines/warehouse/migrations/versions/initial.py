"""The landing and control tables of the first release."""

from alembic import op

from pipelines.warehouse.schema import metadata

revision = "initial"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
