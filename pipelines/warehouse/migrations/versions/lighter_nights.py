"""Later nights write less: history's indexes are as light as its readers allow, and changed rows' room is made by day.

History is read by the time of supersession, which is its own order, or by one key.
"""

from alembic import op

revision = "lighter_nights"
down_revision = "indicator_formulas"

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
    op.execute("drop index landing.landing_history_known_to")
    op.execute("create index landing_history_known_to on landing.landing_history using brin (known_to)")
    op.execute("drop index landing.landing_history_key")
    op.execute("create index landing_history_key on landing.landing_history (key)")
    for table in TABLES:
        op.execute(f"alter table landing.{table} set (autovacuum_vacuum_scale_factor = 0.002)")
