"""Room on every page of the landing tables, so that a changed row stays on its own and no index has to be told."""

from alembic import op

revision = "landing_room"
down_revision = "night_before"

TABLES = (
    "customer",
    "product",
    "sales_order",
    "sales_order_line",
    "delivery",
    "invoice",
    "payment",
    "service_record",
    "survey_response",
    "interaction",
    "account_assignment",
    "demand_estimate",
    "contract",
    "exchange_rate",
    "collaboration",
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table landing.{table} set (fillfactor = 90)")
