"""Alerts: which customers somebody must look after, decided nightly, mailed once, acknowledged by people."""

from pipelines.alert.incident import note_failed_runs, note_late_night, open_incidents
from pipelines.alert.mailing import send_mails
from pipelines.alert.nightly import write_alerts
from pipelines.alert.rules import load_rules
from pipelines.alert.transport import ClientOpener

__all__ = [
    "ClientOpener", "load_rules", "note_failed_runs", "note_late_night", "open_incidents", "send_mails",
    "write_alerts",
]  # fmt: skip
