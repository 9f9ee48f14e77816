"""Calibration: what turns indicators into points and scores, frozen and versioned."""

from pipelines.calibrate.tree import JudgementError
from pipelines.calibrate.versions import CalibrationError, calibration_for, first_calibration

__all__ = ["CalibrationError", "JudgementError", "calibration_for", "first_calibration"]
