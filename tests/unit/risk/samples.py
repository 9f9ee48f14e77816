"""Customer-slices made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.risk.sample import FEATURES, Sample

LATEST = 739000
STEP = 30


def sample_of(slices: Sequence[int], customers: int = 100, recorded: Sequence[int] | None = None) -> Sample:
    """The same customers at every slice, the first fifth of which leave; only the recorded have a probability."""
    slice_ = np.repeat(np.array(slices, dtype=np.int64), customers)
    count = len(slice_)
    is_recorded = np.isin(slice_, slices if recorded is None else recorded)
    return Sample(
        slice=slice_, snapshot=LATEST - STEP * (slice_ - 1), customer=np.tile(np.arange(customers), len(slices)),
        churned=np.tile(np.arange(customers) < customers // 5, len(slices)), silent_days=np.zeros(count),
        features=np.zeros((count, len(FEATURES))), cells=np.where(is_recorded, 0.2, np.nan),
        base_rate=np.full(count, 0.2), margin=np.zeros(count), group=np.full(count, "general"),
    )  # fmt: skip
