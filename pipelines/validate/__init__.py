"""The two gates of the night: what was landed, and what is about to be published."""

from pipelines.validate.gates import GateResult, validate_candidates, validate_landing
from pipelines.validate.outcome import GateError, GateFailed, RuleOutcome
from pipelines.validate.report import report_page

__all__ = [
    "GateError",
    "GateFailed",
    "GateResult",
    "RuleOutcome",
    "report_page",
    "validate_candidates",
    "validate_landing",
]
