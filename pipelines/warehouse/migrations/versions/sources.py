"""What connecting sources needs: what pulls find beside the markers, unclear times, kinds of runs, changed columns."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "sources"
down_revision = "initial"

MISSED = "new or changed rows that the change marker did not show, found by a whole pull"
AMBIGUOUS = "rows with a local time that a shift of the clocks skips or repeats"
KIND = "night, reload or backfill"
STATUS = "running, published, landed, failed or aborted"
SOURCE_COLUMNS = "what the source's table or query had: column name -> type"
COLUMNS_READ = "those of them that the mapping reads"
FINGERPRINT = "of the mapping pulled with; another one pulls everything again"


def upgrade() -> None:
    for name, comment in (("rows_missed", MISSED), ("rows_ambiguous", AMBIGUOUS)):
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment=comment)
        op.add_column("extraction", column, schema="control")
    kind = sa.Column("kind", sa.Text, nullable=False, server_default="night", comment=KIND)
    op.add_column("run", kind, schema="control")
    op.alter_column("run", "status", comment=STATUS, schema="control")
    # Frozen text, as the first release's.
    op.get_bind().exec_driver_sql((Path(__file__).parent / "sources.sql").read_text("utf-8").replace("%", "%%"))
    op.add_column("extraction", sa.Column("source_columns", JSONB, comment=SOURCE_COLUMNS), schema="control")
    op.add_column("extraction", sa.Column("columns_read", ARRAY(sa.Text), comment=COLUMNS_READ), schema="control")
    op.add_column("watermark", sa.Column("mapping_fingerprint", sa.Text, comment=FINGERPRINT), schema="control")
