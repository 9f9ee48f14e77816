"""The warehouse's own tables: `landing` (what the sources delivered) and `control` (what the nights did).

dbt owns every schema from `staging` on; `pipelines.publish` owns `published`. Everything here is SQLAlchemy metadata,
created by `pipelines.warehouse.migrations`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from pipelines.contract import ENTITIES, Column, Entity, Kind

metadata = sa.MetaData()

# Ids compare byte by byte whatever the database's own collation is.
_BYTEWISE_TEXT = sa.Text(collation="C")
_INSTANT = sa.DateTime(timezone=True)

SQL_TYPE: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.TEXT: _BYTEWISE_TEXT,
    Kind.DATE: sa.Date(),
    Kind.NUMERIC: sa.Numeric(),
    Kind.INTEGER: sa.BigInteger(),
    Kind.BOOLEAN: sa.Boolean(),
}


def _landing_column(column: Column) -> sa.Column[object]:
    return sa.Column(column.name, SQL_TYPE[column.kind], nullable=not column.required)


def _landing_table(entity: Entity) -> sa.Table:
    """One row per source system and key: the newest version that the source delivered and the contract admits."""
    return sa.Table(
        entity.name,
        metadata,
        sa.Column("source_system", _BYTEWISE_TEXT),
        *(_landing_column(column) for column in entity.columns),
        sa.Column("updated_at", _INSTANT, comment="the source's own change marker; null where it has none"),
        sa.Column("extracted_at", _INSTANT, nullable=False, comment="when this version was known here"),
        # The source, the same in most rows, last: sorting the keys of a first pull takes half the time.
        sa.PrimaryKeyConstraint(*entity.key, "source_system"),
        schema="landing",
        # A changed row finds room on its own page, and no index has to be told: half of a later night's writing.
        # Its former version goes away by day, not when the next night first reads the page.
        postgresql_with={"fillfactor": 90, "autovacuum_vacuum_scale_factor": 0.002},
    )


LANDING: dict[str, sa.Table] = {entity.name: _landing_table(entity) for entity in ENTITIES}


# Former versions of these are looked up one by one: lines, deliveries and payments lead to their customer by them. For
# the others an index on the key costs a night more than all the rest of keeping their versions.
LEADING_TO_CUSTOMERS = ("sales_order", "invoice")


def _history_table(entity: Entity) -> sa.Table:
    """One row per version that was superseded or deleted, as it had landed; `landing.landing_history` shows all."""
    key = ("source_system", *entity.key)
    name = f"{entity.name}_history"
    return sa.Table(
        name,
        metadata,
        sa.Column("source_system", _BYTEWISE_TEXT, nullable=False),
        # A column that the contract came to require later may be null here.
        *(sa.Column(each.name, SQL_TYPE[each.kind], nullable=each.name not in key) for each in entity.columns),
        sa.Column("updated_at", _INSTANT),
        sa.Column("extracted_at", _INSTANT, nullable=False, comment="since when this version was known here"),
        sa.Column("known_to", _INSTANT, nullable=False, comment="when another version or the deletion became known"),
        sa.Column("superseded_by", sa.Text, nullable=False, comment="`update` or `delete`"),
        sa.Column("run_id", sa.Text, nullable=False, comment="the run that superseded it"),
        # what was superseded since the last publication, whatever the history has grown to: it lies in that order
        sa.Index(f"{name}_known_to", "known_to", postgresql_using="brin"),
        *([sa.Index(f"{name}_key", *entity.key, "source_system")] if entity.name in LEADING_TO_CUSTOMERS else []),
        schema="landing",
    )


LANDING_HISTORY: dict[str, sa.Table] = {entity.name: _history_table(entity) for entity in ENTITIES}

LANDING_REJECTED = sa.Table(
    "landing_rejected",
    metadata,
    sa.Column("source_system", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("entity", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("key", _BYTEWISE_TEXT, primary_key=True, comment="the key as delivered, joined by U+001F"),
    sa.Column("occurrence", sa.Integer, primary_key=True, comment="1 up, where one key was delivered more than once"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column(
        "row",
        JSONB,
        nullable=False,
        comment="the row as delivered, canonical column names; expression_columns: what its expressions read",
    ),
    sa.Column("updated_at", _INSTANT),
    sa.Column("first_rejected_at", _INSTANT, nullable=False),
    sa.Column("last_rejected_at", _INSTANT, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False, comment="the run that rejected it last"),
    schema="landing",
)

WATERMARK = sa.Table(
    "watermark",
    metadata,
    sa.Column("source_system", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("marker", sa.Text, comment="highest change marker landed, as text; null: pulled whole"),
    sa.Column("advanced_at", _INSTANT, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("mapping_fingerprint", sa.Text, comment="of the mapping pulled with; another one pulls everything again"),
    schema="control",
)

NIGHT = sa.Table(
    "night",
    metadata,
    sa.Column("is_current", sa.Boolean, primary_key=True, server_default=sa.true(), comment="always true: one row"),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("source_systems", ARRAY(sa.Text), nullable=False, comment="staging reads the rows of these only"),
    sa.Column("company_time_zone", sa.Text, nullable=False),
    sa.Column("reporting_currency", sa.Text, nullable=False),
    sa.Column("active_window_months", sa.Integer, nullable=False),
    sa.Column("capital_cost_rate", sa.Numeric, nullable=False, comment="a year"),
    sa.Column("tier_scheme", sa.Text, nullable=False),
    sa.Column("churn_horizon_days", sa.Integer, nullable=False),
    sa.Column("churn_high_odds", sa.Numeric, nullable=False, comment="times the base rate's odds"),
    sa.Column("churn_medium_odds", sa.Numeric, nullable=False, comment="times the base rate's odds"),
    sa.Column("calibration_version", sa.Integer, comment="null until the first calibration is made"),
    sa.Column("churn_recorded_slices", sa.Integer, comment="closed slices to predict; null: those of a track record"),
    sa.Column("churn_model_version", sa.Integer, comment="null: the table of cells is in force"),
    sa.Column("indicator_formulas", JSONB, comment="indicator -> fingerprint of how it was computed; null until it is"),
    sa.CheckConstraint("is_current", name="night_has_one_row"),
    schema="control",
    comment="The night being evaluated: the only place that models take the as-of date from",
)

RUN = sa.Table(
    "run",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("source_systems", ARRAY(sa.Text), nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="night", comment="night, reload or backfill"),
    sa.Column("started_at", _INSTANT, nullable=False),
    sa.Column("finished_at", _INSTANT),
    sa.Column("status", sa.Text, nullable=False, comment="running, published, landed, failed or aborted"),
    sa.Column("failed_step", sa.Text),
    sa.Column("message", sa.Text, comment="why it failed, or what a reader must know (the tier rule's basis)"),
    sa.Column("tier_basis", sa.Text, comment="margin_and_volume, volume_only or margin_only"),
    sa.Column("calibration_version", sa.Integer),
    sa.Column("process_id", sa.Integer, comment="of the database session that holds the run's lock"),
    sa.Column("night", JSONB, comment="control.night as the run published it; null where it published nothing"),
    schema="control",
)

RUN_STEP = sa.Table(
    "run_step",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey(RUN.c.run_id, ondelete="cascade"), primary_key=True),
    sa.Column("step", sa.Text, primary_key=True, comment="task id; an extraction carries its entity in brackets"),
    sa.Column("started_at", _INSTANT, nullable=False),
    sa.Column("finished_at", _INSTANT),
    sa.Column("status", sa.Text, nullable=False, comment="running, done or failed"),
    sa.Column("message", sa.Text),
    schema="control",
)

EXTRACTION = sa.Table(
    "extraction",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey(RUN.c.run_id, ondelete="cascade"), primary_key=True),
    sa.Column("source_system", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("rows_read", sa.BigInteger, nullable=False),
    sa.Column("rows_landed", sa.BigInteger, nullable=False, comment="new or changed"),
    sa.Column("rows_unchanged", sa.BigInteger, nullable=False),
    sa.Column("rows_rejected", sa.BigInteger, nullable=False),
    sa.Column("rows_deleted", sa.BigInteger, nullable=False, comment="gone from a source that is pulled whole"),
    sa.Column("rows_held", sa.BigInteger, nullable=False, comment="in landing afterwards"),
    sa.Column("is_full_pull", sa.Boolean, nullable=False),
    sa.Column(
        "rows_missed",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        comment="new or changed rows that the change marker did not show, found by a whole pull",
    ),
    sa.Column(
        "rows_ambiguous",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        comment="rows with a local time that a shift of the clocks skips or repeats",
    ),
    sa.Column("marker_before", sa.Text),
    sa.Column("marker_after", sa.Text),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("source_columns", JSONB, comment="what the source's table or query had: column name -> type"),
    sa.Column("columns_read", ARRAY(sa.Text), comment="those of them that the mapping reads"),
    sa.CheckConstraint("rows_read = rows_landed + rows_unchanged + rows_rejected", name="every_row_accounted_for"),
    schema="control",
)

PREVIOUS_NIGHT = sa.Table(
    "previous_night",
    metadata,
    sa.Column("customer_id", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="the latest published night before the evaluated one"),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("tier_computed", sa.Text, nullable=False),
    sa.Column("tier_since_on", sa.Date, nullable=False),
    sa.Column("value_score", sa.Double, comment="null where it was not active"),
    schema="control",
    comment="The one way back: the tiers and scores of the evaluated day before, as published",
)

PREVIOUS_RUN = sa.Table(
    "previous_run",
    metadata,
    sa.Column("as_of_date", sa.Date, primary_key=True, comment="the latest published night before the evaluated one"),
    sa.Column("known_at", _INSTANT, nullable=False, comment="when it was published: what landed later it did not know"),
    sa.Column("source_systems", ARRAY(sa.Text), nullable=False),
    sa.Column("calibration_version", sa.Integer, nullable=False),
    sa.Column("night", JSONB, comment="control.night as it was told; null where an earlier release published it"),
    schema="control",
    comment="What the night before rested on: one row, none where no night was published before",
)

PREVIOUS_INDICATOR = sa.Table(
    "previous_indicator",
    metadata,
    sa.Column("customer_id", _BYTEWISE_TEXT, nullable=False),
    sa.Column("indicator_id", _BYTEWISE_TEXT, nullable=False),
    sa.Column("raw_value", sa.Numeric(38, 18)),
    sa.Column("points", sa.Double),
    sa.Column("effective_weight", sa.Double, nullable=False),
    sa.Column("contribution", sa.Double, nullable=False),
    schema="control",
    comment="The way back of the explanation: the scored indicators of the night before; no key, it is read whole",
)

PREVIOUS_SCOPE_TIER = sa.Table(
    "previous_scope_tier",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("scope_id", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("customer_id", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="the date of control.previous_night"),
    sa.Column("tier_computed", sa.Text, nullable=False),
    schema="control",
    comment="The one way back of departments and books: their tiers of the evaluated day before, as published",
)

TIER_OVERRIDE = sa.Table(
    "tier_override",
    metadata,
    sa.Column("override_id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("customer_id", _BYTEWISE_TEXT, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("expires_on", sa.Date, nullable=False, comment="the last day on which it holds"),
    sa.Column("created_at", _INSTANT, nullable=False, server_default=sa.func.now(), comment="when it was entered"),
    sa.Column("ended_on", sa.Date, comment="the last day on which it holds, where a person ended it early"),
    sa.Column("ended_at", _INSTANT, comment="when that was entered"),
    sa.Column("ended_by", sa.Text),
    schema="control",
)

TIER_SUPPORT = sa.Table(
    "tier_support",
    metadata,
    sa.Column("customer_id", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False, comment="the run that measured it"),
    sa.Column("tier_support", sa.Double, nullable=False, comment="share of the draws that keep tier_raw, 0 to 1"),
    sa.Column("flip_indicator_id", _BYTEWISE_TEXT, comment="null where no single weight changes the tier"),
    sa.Column("flip_weight_from", sa.Double, comment="its nominal weight in force"),
    sa.Column("flip_weight_to", sa.Double, comment="the nearest weight found at which tier_raw is another"),
    sa.Column("flip_tier", sa.Text, comment="the tier there"),
    schema="control",
    comment="One row per active customer of the evaluated night: how far its raw tier depends on the weights",
)

CHURN_MODEL = sa.Table(
    "churn_model",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, comment="logistic_regression or gradient_boosting"),
    sa.Column("made_at", _INSTANT, nullable=False),
    sa.Column("trained_as_of", sa.Date, nullable=False, comment="the night whose slices it was trained and tried on"),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("first_slice_on", sa.Date, nullable=False, comment="snapshot date of the first slice it has learnt from"),
    sa.Column("last_slice_on", sa.Date, nullable=False, comment="of the last one"),
    sa.Column("known_from", sa.Date, nullable=False, comment="end of the last outcome that it has learnt from"),
    sa.Column("customer_slices", sa.Integer, nullable=False, comment="that it has learnt from"),
    sa.Column("features", ARRAY(sa.Text), nullable=False, comment="columns of challenger.challenger_feature, in order"),
    sa.Column("artefact", JSONB, nullable=False, comment="every number that a score is computed from"),
    sa.Column("artefact_sha256", sa.Text, nullable=False),
    sa.Column("libraries", JSONB, nullable=False, comment="versions that it was trained with"),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("figures", JSONB, nullable=False, comment="on slices that it has not seen, beside the table of cells"),
    sa.Column("is_chosen", sa.Boolean, nullable=False, comment="whether its training put it in force"),
    sa.Column("decision", sa.Text, nullable=False, comment="why or why not"),
    schema="control",
)

CHURN_MODEL_CHOICE = sa.Table(
    "churn_model_choice",
    metadata,
    sa.Column("choice_id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("active_from_on", sa.Date, nullable=False, comment="the newest choice active by D applies"),
    sa.Column("version", sa.Integer, sa.ForeignKey(CHURN_MODEL.c.version), comment="null: the table of cells"),
    sa.Column("author", sa.Text, nullable=False, comment="`training`, or a person, whose choice training leaves alone"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("made_at", _INSTANT, nullable=False),
    schema="control",
)

CHURN_MODEL_SCORE = sa.Table(
    "churn_model_score",
    metadata,
    sa.Column("snapshot_on", sa.Date, primary_key=True),
    sa.Column("customer_id", _BYTEWISE_TEXT, primary_key=True),
    sa.Column("probability", sa.Double, nullable=False),
    schema="control",
    comment="Tonight's scores by the model in force; empty where the table of cells is",
)

DATA_QUALITY = sa.Table(
    "data_quality",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey(RUN.c.run_id, ondelete="cascade"), primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("check_name", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("severity", sa.Text, nullable=False, comment="fail stops the night, warn does not"),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("observed", sa.Text, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("rows_set_aside", sa.BigInteger, nullable=False),
    sa.Column("rows_broken", sa.BigInteger, comment="rows that broke the rule; null where it could not be checked"),
    schema="control",
)

CURRENT_NIGHT = sa.Table(
    "current_night",
    metadata,
    sa.Column("is_current", sa.Boolean, primary_key=True, server_default=sa.true(), comment="always true: one row"),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.CheckConstraint("is_current", name="current_night_has_one_row"),
    schema="publication",
    comment="The pointer: the newest published night, which the current views show",
)

PUBLISHED_DATA_QUALITY = sa.Table(
    "data_quality",
    metadata,
    sa.Column("as_of_date", sa.Date, primary_key=True, comment="The evaluated business date"),
    sa.Column("dataset", sa.Text, primary_key=True, comment="The entity or table that was checked"),
    sa.Column("check_name", sa.Text, primary_key=True, comment="The rule; expectations/README.md explains each"),
    sa.Column("severity", sa.Text, nullable=False, comment="fail stops the night, warn does not"),
    sa.Column("expected", sa.Text, nullable=False, comment="What the rule asks for, in words"),
    sa.Column("observed", sa.Text, nullable=False, comment="What was found"),
    sa.Column("passed", sa.Boolean, nullable=False, comment="Whether the rule held"),
    sa.Column("rows_set_aside", sa.BigInteger, nullable=False, comment="Rows that the rule kept out of the night"),
    schema="published",
    comment="One row per as-of date, dataset and check: what the gates of the published nights found",
)

# `published.run` is a view of the ledger, so that it tells the truth about failed and crashed runs too: it stands in
# the migrations, as SQL.
