"""What trust rests on: what a night was told, how long an override was known, tier support, tiers per scope."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "trust"
down_revision = "explanation"

INSTANT = sa.DateTime(timezone=True)
BYTEWISE = sa.Text(collation="C")


def upgrade() -> None:
    comment = "control.night as the run published it; null where it published nothing"
    op.add_column("run", sa.Column("night", JSONB, comment=comment), schema="control")
    _overrides()
    op.create_table(
        "tier_support",
        sa.Column("customer_id", BYTEWISE, primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False, comment="the run that measured it"),
        sa.Column("tier_support", sa.Double, nullable=False, comment="share of the draws that keep tier_raw, 0 to 1"),
        sa.Column("flip_indicator_id", BYTEWISE, comment="null where no single weight changes the tier"),
        sa.Column("flip_weight_from", sa.Double, comment="its nominal weight in force"),
        sa.Column("flip_weight_to", sa.Double, comment="the nearest weight found at which tier_raw is another"),
        sa.Column("flip_tier", sa.Text, comment="the tier there"),
        schema="control",
        comment="One row per active customer of the evaluated night: how far its raw tier depends on the weights",
    )
    op.create_table(
        "previous_scope_tier",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("scope_id", BYTEWISE, primary_key=True),
        sa.Column("customer_id", BYTEWISE, primary_key=True),
        sa.Column("as_of_date", sa.Date, nullable=False, comment="the date of control.previous_night"),
        sa.Column("tier_computed", sa.Text, nullable=False),
        schema="control",
        comment="The one way back of departments and books: their tiers of the evaluated day before, as published",
    )


def _overrides() -> None:
    for column in (
        sa.Column("created_at", INSTANT, nullable=False, server_default=sa.func.now(), comment="when it was entered"),
        sa.Column("ended_on", sa.Date, comment="the last day on which it holds, where a person ended it early"),
        sa.Column("ended_at", INSTANT, comment="when that was entered"),
        sa.Column("ended_by", sa.Text),
    ):
        op.add_column("tier_override", column, schema="control")
    # nobody noted when: what held from a day on was known by then
    op.execute("update control.tier_override set created_at = starts_on")
