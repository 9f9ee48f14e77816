"""Alerts, the outbox of mails and the incidents of failed nights; the view `published.churn_alert`."""

from pathlib import Path

from alembic import op

revision = "alerts"
down_revision = "risk"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((Path(__file__).parent / "alerts.sql").read_text("utf-8").replace("%", "%%"))
