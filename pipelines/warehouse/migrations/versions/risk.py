"""Models that challenge the table of cells, who put which of them in force, and tonight's scores by one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "risk"
down_revision = "trust"


def upgrade() -> None:
    bytewise, instant = sa.Text(collation="C"), sa.DateTime(timezone=True)
    for name, comment in (
        ("churn_recorded_slices", "closed slices to predict; null: those of a track record"),
        ("churn_model_version", "null: the table of cells is in force"),
    ):
        op.add_column("night", sa.Column(name, sa.Integer, comment=comment), schema="control")
    op.create_table(
        "churn_model",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False, comment="logistic_regression or gradient_boosting"),
        sa.Column("made_at", instant, nullable=False),
        sa.Column(
            "trained_as_of", sa.Date, nullable=False, comment="the night whose slices it was trained and tried on"
        ),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column(
            "first_slice_on", sa.Date, nullable=False, comment="snapshot date of the first slice it has learnt from"
        ),
        sa.Column("last_slice_on", sa.Date, nullable=False, comment="of the last one"),
        sa.Column("known_from", sa.Date, nullable=False, comment="end of the last outcome that it has learnt from"),
        sa.Column("customer_slices", sa.Integer, nullable=False, comment="that it has learnt from"),
        sa.Column(
            "features", ARRAY(sa.Text), nullable=False, comment="columns of challenger.challenger_feature, in order"
        ),
        sa.Column("artefact", JSONB, nullable=False, comment="every number that a score is computed from"),
        sa.Column("artefact_sha256", sa.Text, nullable=False),
        sa.Column("libraries", JSONB, nullable=False, comment="versions that it was trained with"),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column(
            "figures", JSONB, nullable=False, comment="on slices that it has not seen, beside the table of cells"
        ),
        sa.Column("is_chosen", sa.Boolean, nullable=False, comment="whether its training put it in force"),
        sa.Column("decision", sa.Text, nullable=False, comment="why or why not"),
        schema="control",
    )
    op.create_table(
        "churn_model_choice",
        sa.Column("choice_id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("active_from_on", sa.Date, nullable=False, comment="the newest choice active by D applies"),
        sa.Column(
            "version", sa.Integer, sa.ForeignKey("control.churn_model.version"), comment="null: the table of cells"
        ),
        sa.Column(
            "author", sa.Text, nullable=False, comment="`training`, or a person, whose choice training leaves alone"
        ),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        schema="control",
    )
    op.create_table(
        "churn_model_score",
        sa.Column("snapshot_on", sa.Date, primary_key=True),
        sa.Column("customer_id", bytewise, primary_key=True),
        sa.Column("probability", sa.Double, nullable=False),
        schema="control",
        comment="Tonight's scores by the model in force; empty where the table of cells is",
    )
