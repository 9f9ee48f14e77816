"""What the night before was told, so that a moved score can be laid to a changed setting."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "night_before"
down_revision = "alerts"


def upgrade() -> None:
    comment = "control.night as it was told; null where an earlier release published it"
    op.add_column("previous_run", sa.Column("night", JSONB, comment=comment), schema="control")
