"""The tables of alerts, the mails that tell of them, and the incidents of failed nights (schema `control`).

`published.churn_alert` is a view of the alerts, made by the migrations: an acknowledgement shows at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipelines.warehouse.schema import metadata

# Ids compare byte by byte whatever the database's own collation is.
BYTEWISE_TEXT = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)

CHURN_ALERT = sa.Table(
    "churn_alert",
    metadata,
    sa.Column("alert_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, comment="a kind of the alert rules"),
    sa.Column("customer_id", BYTEWISE_TEXT, nullable=False),
    sa.Column("customer_name", sa.Text),
    sa.Column("tier", sa.Text),
    sa.Column("sales_department", sa.Text),
    sa.Column("salesperson_id", sa.Text),
    sa.Column("account_manager_id", sa.Text),
    sa.Column("churn_risk_level", sa.Text),
    sa.Column("churn_probability", sa.Double),
    sa.Column("margin_at_stake", sa.Numeric, comment="12 months' gross margin, the highest since the alert opened"),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("updated_on", sa.Date, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("close_reason", sa.Text, comment="calm, tier_back, no_longer_active or customer_gone"),
    sa.Column("acknowledged_at", INSTANT),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("true_cause", sa.Text),
    sa.Column("opened_run_id", sa.Text, nullable=False),
    sa.Index("churn_alert_open", "customer_id", "kind", unique=True, postgresql_where=sa.text("closed_on is null")),
    schema="control",
    comment="One row per alert; at most one open per customer and kind",
)

ALERT_MUTE = sa.Table(
    "alert_mute",
    metadata,
    sa.Column("mute_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("customer_id", BYTEWISE_TEXT, nullable=False),
    sa.Column("until_on", sa.Date, nullable=False, comment="the last day on which no mail names the customer"),
    sa.Column("muted_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("muted_at", INSTANT, nullable=False),
    schema="control",
)

MAIL_OUTBOX = sa.Table(
    "mail_outbox",
    metadata,
    sa.Column("mail_key", sa.Text, primary_key=True, comment="purpose, what it is about, recipient: once each"),
    sa.Column("purpose", sa.Text, nullable=False, comment="digest, failure, late or resolved"),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False, comment="one address"),
    sa.Column("language", sa.Text, nullable=False, comment="en or zh"),
    sa.Column("message_id", sa.Text, nullable=False, unique=True, comment="made once, the same at every attempt"),
    sa.Column("payload", JSONB, nullable=False, comment="the facts that the mail is rendered from"),
    sa.Column("status", sa.Text, nullable=False, comment="pending, sent or dead"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("in_flight", sa.Boolean, nullable=False, server_default=sa.false(), comment="outcome not yet noted"),
    sa.Column("unknown_outcomes", sa.Integer, nullable=False, server_default=sa.text("0"), comment="cut after DATA"),
    sa.Column(
        "possible_duplicates",
        sa.Integer,
        nullable=False,
        server_default=sa.text("0"),
        comment="attempts made while the outcome of the one before was not known",
    ),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("last_attempt_at", INSTANT),
    sa.Column("finished_at", INSTANT, comment="when it was accepted, or given up"),
    schema="control",
    comment="One row per mail: written with what it tells, sent afterwards",
)

ALERT_NOTICE = sa.Table(
    "alert_notice",
    metadata,
    sa.Column("alert_id", sa.BigInteger, sa.ForeignKey(CHURN_ALERT.c.alert_id, ondelete="cascade"), primary_key=True),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("event", sa.Text, primary_key=True, comment="opened or closed"),
    sa.Column("told_on", sa.Date, nullable=False, comment="the night whose mail tells it"),
    sa.Column(
        "mail_key", sa.Text, sa.ForeignKey(MAIL_OUTBOX.c.mail_key, ondelete="cascade"), nullable=False, index=True
    ),
    schema="control",
    comment="One row per alert, recipient and event that a mail tells: the key is why nobody is told twice",
)

INCIDENT = sa.Table(
    "incident",
    metadata,
    sa.Column("incident_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("signature", sa.Text, nullable=False, comment="failed step and broken rules, or `late`"),
    sa.Column("opened_at", INSTANT, nullable=False),
    sa.Column("resolved_at", INSTANT),
    sa.Index("incident_open", "signature", unique=True, postgresql_where=sa.text("resolved_at is null")),
    schema="control",
    comment="One row per fault that keeps nights from being published, from the first of them to the next publication",
)

INCIDENT_NIGHT = sa.Table(
    "incident_night",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True, comment="the failed run, or `late/` and the date"),
    sa.Column("incident_id", sa.BigInteger, sa.ForeignKey(INCIDENT.c.incident_id, ondelete="cascade"), nullable=False),
    sa.Column("as_of_date", sa.Date, nullable=False),
    schema="control",
    comment="One row per failed run that operations were told of, or need not be told of again",
)
