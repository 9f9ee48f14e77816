"""The landing, control and publication tables of the first release, and the view of the runs, as literal SQL."""

from pathlib import Path

from alembic import op

revision = "initial"
down_revision = None


def upgrade() -> None:
    # Frozen text, not today's metadata: a warehouse made now and one migrated from then must come out alike.
    op.get_bind().exec_driver_sql((Path(__file__).parent / "initial.sql").read_text("utf-8").replace("%", "%%"))
