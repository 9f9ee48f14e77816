"""What trust needs: nothing yet."""

revision = "trust"
down_revision = "explanation"


def upgrade() -> None:
    """Nothing yet."""
