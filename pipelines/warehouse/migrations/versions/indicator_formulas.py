"""How each indicator is computed, kept with the night, so that a moved score can be laid to a changed formula."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "indicator_formulas"
down_revision = "landing_room"


def upgrade() -> None:
    comment = "indicator -> fingerprint of how it was computed; null until it is"
    op.add_column("night", sa.Column("indicator_formulas", JSONB, comment=comment), schema="control")
