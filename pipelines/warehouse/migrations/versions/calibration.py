"""What calibration needs: nothing yet."""

revision = "calibration"
down_revision = "sources"


def upgrade() -> None:
    """Nothing yet."""
