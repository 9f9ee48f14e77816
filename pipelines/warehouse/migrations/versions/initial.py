"""The landing, control and publication tables of the first release, and the view of the runs."""

from alembic import op

from pipelines.warehouse.schema import PUBLISHED_RUN_COMMENTS, PUBLISHED_RUN_VIEW, metadata

revision = "initial"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.execute(PUBLISHED_RUN_VIEW)
    op.execute("comment on view published.run is 'One row per run: the truth about every night, failed ones included'")
    for column, text in PUBLISHED_RUN_COMMENTS.items():
        op.execute(f"comment on column published.run.{column} is '{text}'")
