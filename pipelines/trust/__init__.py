"""How far a tier can be trusted: its support under drawn weights and lines, and the smallest weight that changes it."""

from pipelines.trust.night import TrustError, measure_tier_support

__all__ = ["TrustError", "measure_tier_support"]
