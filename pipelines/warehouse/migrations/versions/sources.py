"""What connecting sources needs: nothing yet."""

revision = "sources"
down_revision = "initial"


def upgrade() -> None:
    """Nothing yet."""
