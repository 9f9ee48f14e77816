"""What explanation needs: nothing yet."""

revision = "explanation"
down_revision = "calibration"


def upgrade() -> None:
    """Nothing yet."""
