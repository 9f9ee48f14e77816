"""Trained churn models beside the table of cells: training, the choice between them, scoring, the backtest."""

from pipelines.risk.choices import model_for
from pipelines.risk.scoring import score_night, score_slices
from pipelines.risk.training import NothingPublished, Training, night_date, published_night, train

__all__ = [
    "NothingPublished",
    "Training",
    "model_for",
    "night_date",
    "published_night",
    "score_night",
    "score_slices",
    "train",
]
