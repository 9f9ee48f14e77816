"""What risk needs: nothing yet."""

revision = "risk"
down_revision = "trust"


def upgrade() -> None:
    """Nothing yet."""
