"""Extraction: from a source system, through the data contract, into landing.

The doors: `list_extractions`, `extract_source`, `extract_entity`, `check_rejections`.
"""

from pipelines.extract.entity import extract_entity, extract_source, list_extractions
from pipelines.extract.errors import ExtractionError
from pipelines.extract.rejections import check_rejections
from pipelines.extract.result import Extraction, ExtractionResult
from pipelines.extract.watermark import Reach

__all__ = [
    "Extraction",
    "ExtractionError",
    "ExtractionResult",
    "Reach",
    "check_rejections",
    "extract_entity",
    "extract_source",
    "list_extractions",
]
