"""What reasons needs: nothing yet."""

revision = "reasons"
down_revision = "risk"


def upgrade() -> None:
    """Nothing yet."""
