"""Calibration: what turns indicators into points and scores, frozen and versioned."""

from pipelines.calibrate.drafts import CalibrationError
from pipelines.calibrate.tree import JudgementError
from pipelines.calibrate.versions import calibration_for, first_calibration

__all__ = ["CalibrationError", "JudgementError", "calibration_for", "first_calibration"]
