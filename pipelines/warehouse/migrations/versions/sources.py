"""What connecting sources needs: what a whole pull finds beside the markers, unclear local times, kinds of runs."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "sources"
down_revision = "initial"

MISSED = "new or changed rows that the change marker did not show, found by a whole pull"
AMBIGUOUS = "rows with a local time that a shift of the clocks skips or repeats"
KIND = "night, reload or backfill"
STATUS = "running, published, landed, failed or aborted"


def upgrade() -> None:
    for name, comment in (("rows_missed", MISSED), ("rows_ambiguous", AMBIGUOUS)):
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment=comment)
        op.add_column("extraction", column, schema="control")
    kind = sa.Column("kind", sa.Text, nullable=False, server_default="night", comment=KIND)
    op.add_column("run", kind, schema="control")
    op.alter_column("run", "status", comment=STATUS, schema="control")
    # Frozen text, as the first release's.
    op.get_bind().exec_driver_sql((Path(__file__).parent / "sources.sql").read_text("utf-8").replace("%", "%%"))
