"""The tables of the calibrations: versions, what they weigh for whom, and every activation.

Part of the same metadata as `pipelines.warehouse.schema`; made by the migration `calibration`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipelines.warehouse.schema import metadata

CALIBRATION = sa.Table(
    "calibration",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("population_date", sa.Date, nullable=False),
    sa.Column("population_customers", sa.Integer, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("median_current_score", sa.Double, comment="null only while the version is being made"),
    sa.Column("median_potential_score", sa.Double),
    sa.Column(
        "objective",
        sa.Text,
        nullable=False,
        server_default="none",
        comment="none, critic or entropy: the weighting that the judgements were blended with",
    ),
    sa.Column("notes", sa.Text, comment="what the weighting had to do without, in words"),
    schema="control",
)

CALIBRATION_ACTIVATION = sa.Table(
    "calibration_activation",
    metadata,
    sa.Column("activation_id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("version", sa.Integer, sa.ForeignKey(CALIBRATION.c.version, ondelete="cascade"), nullable=False),
    sa.Column(
        "active_from_on",
        sa.Date,
        nullable=False,
        comment="the newest one <= D applies to D; of two of one day the later activation",
    ),
    sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    schema="control",
    comment="Every activation; nothing here is ever changed",
)

CALIBRATION_JUDGEMENT_SET = sa.Table(
    "calibration_judgement_set",
    metadata,
    sa.Column("version", sa.Integer, sa.ForeignKey(CALIBRATION.c.version, ondelete="cascade"), primary_key=True),
    sa.Column("judgement_set", sa.Text(collation="C"), primary_key=True),
    sa.Column(
        "position",
        sa.Integer,
        nullable=False,
        comment="1 up: of the sets whose rule a customer meets, the first one is its own",
    ),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("name_zh", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column(
        "rule",
        JSONB,
        nullable=False,
        comment="customer column -> the values that it must have one of; empty: everybody",
    ),
    sa.Column(
        "judgements",
        JSONB,
        nullable=False,
        comment="node -> its pairwise judgements with their reasons, its weights and its consistency ratio",
    ),
    schema="control",
    comment="The kinds of customers that a version weighs by judgements of their own",
)

CALIBRATION_INDICATOR = sa.Table(
    "calibration_indicator",
    metadata,
    sa.Column("version", sa.Integer, sa.ForeignKey(CALIBRATION.c.version, ondelete="cascade"), primary_key=True),
    sa.Column("judgement_set", sa.Text(collation="C"), primary_key=True, server_default="default"),
    sa.Column("indicator_id", sa.Text(collation="C"), primary_key=True),
    sa.Column("dimension", sa.Text, nullable=False, comment="current or potential"),
    sa.Column("indicator_group", sa.Text, nullable=False),
    sa.Column("nominal_weight", sa.Double, nullable=False, comment="the thirty of a version and set sum to 1"),
    sa.Column("judged_weight", sa.Double, comment="by the judgements alone; null where nothing was blended in"),
    sa.Column(
        "objective_weight",
        sa.Double,
        comment="by the objective weighting alone; null where nothing was blended in",
    ),
    sa.Column("transform", sa.Text, nullable=False, comment="linear or asinh"),
    sa.Column("higher_is_better", sa.Boolean, nullable=False),
    sa.Column("s", sa.Double, comment="asinh only: the median of |x|, in the indicator's unit"),
    sa.Column("lo", sa.Double, comment="of the transformed values; null where nobody had a value"),
    sa.Column("hi", sa.Double),
    schema="control",
)
