"""The two gates: `validate_landing` before anything is built, `validate_candidates` before anything is published."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from expectations import candidates, landing
from expectations.rule import Suite
from pipelines.settings import Settings
from pipelines.validate.checkpoint import run_checkpoint
from pipelines.validate.outcome import RuleOutcome, raise_for
from pipelines.validate.quality import record, record_rejected_rows, record_waiting_rows
from pipelines.validate.report import write_report

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GateResult:
    """A gate that let the night pass: how many rules it checked, which warned, and where its report is."""

    gate: str
    checks: int
    warnings: tuple[RuleOutcome, ...]
    docs: Path


def validate_landing(settings: Settings, engine: sa.Engine, run_id: str) -> GateResult:
    """Check what was landed for the current night; safe to run again.

    Raises:
        GateFailed: the data broke a rule that stops the night.
        GateError: a rule could not be checked.
        RunRefused: the run has been superseded.
    """
    record_rejected_rows(engine, run_id)
    return _pass_gate("landing", landing.SUITES, settings, engine, run_id)


def validate_candidates(settings: Settings, engine: sa.Engine, run_id: str) -> GateResult:
    """Check what is about to be published for the current night; safe to run again.

    Raises:
        GateFailed: the data broke a rule that stops the night.
        GateError: a rule could not be checked.
        RunRefused: the run has been superseded.
    """
    record_waiting_rows(engine, run_id)
    return _pass_gate("candidates", candidates.SUITES, settings, engine, run_id)


def _pass_gate(gate: str, suites: Sequence[Suite], settings: Settings, engine: sa.Engine, run_id: str) -> GateResult:
    parameters = {"deleted_share_limit": settings.deleted_share_limit}
    outcomes = run_checkpoint(settings.home, engine, gate, suites, parameters, run_id)
    record(engine, run_id, outcomes)
    docs = write_report(settings.home, engine)
    warnings = tuple(outcome for outcome in outcomes if not outcome.passed and not outcome.stops)
    for warning in warnings:
        logger.warning("gate %s: %s", gate, warning.sentence)
    raise_for(gate, outcomes, docs)
    logger.info("gate %s: %d rules hold, %d warn; report %s", gate, len(outcomes), len(warnings), docs)
    return GateResult(gate, len(outcomes), warnings, docs)
