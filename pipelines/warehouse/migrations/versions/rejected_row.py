"""The comment of a row set aside names what its mapping's expressions read."""

from alembic import op

revision = "rejected_row"
down_revision = "typed_history"


def upgrade() -> None:
    comment = "the row as delivered, canonical column names; expression_columns: what its expressions read"
    op.execute(f"comment on column landing.landing_rejected.row is '{comment}'")
