"""What alerts needs: nothing yet."""

revision = "alerts"
down_revision = "reasons"


def upgrade() -> None:
    """Nothing yet."""
