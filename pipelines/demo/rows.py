"""Rows of a generated system as they stand at an instant, and the streams of chance they are drawn from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from pipelines.demo.timeline import NEVER, Array


def stream(seed: int, purpose: str, part: int = 0) -> np.random.Generator:
    """The generator of one purpose: streams do not disturb each other when another purpose draws more."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), part])


@dataclass(frozen=True)
class Batch:
    """Rows of one table as seen at one instant.

    `columns`: column name -> values, one per row (text as bytes, empty = null; whole numbers otherwise, `NULL` = null).
    `created`, `changed`: the second each row appeared and was last changed, up to the instant it is seen at.
    """

    columns: dict[str, Array]
    created: Array
    changed: Array

    def between(self, after: int, until: int) -> dict[str, Array]:
        """The columns of the rows that exist at `until` and appeared or changed later than `after`."""
        wanted = (self.created <= until) & (self.changed > after)
        if wanted.all():
            return self.columns
        return {name: values[wanted] for name, values in self.columns.items()}


def last_change(created: Array, until: int, *changes: Array) -> Array:
    """The last of a row's instants up to `until`; `NEVER` and later instants do not count."""
    changed = created.copy()
    for instants in changes:
        changed = np.where((instants <= until) & (instants > changed), instants, changed)
    return changed


def never(count: int) -> Array:
    """As many instants that do not come."""
    return np.full(count, NEVER, dtype=np.int64)


def numbered(prefix: str, numbers: Array, digits: int) -> Array:
    """Text keys: the prefix and each number with leading zeros, as bytes of one width."""
    lead = np.frombuffer(prefix.encode(), dtype=np.uint8)
    text = np.empty((len(numbers), len(lead) + digits), dtype=np.uint8)
    text[:, : len(lead)] = lead
    rest = np.asarray(numbers, dtype=np.int64)
    for place in range(text.shape[1] - 1, len(lead) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    return text.view(f"S{text.shape[1]}").ravel()


def encoded(words: list[str] | tuple[str, ...]) -> Array:
    """Words as UTF-8 bytes."""
    return np.array([word.encode() for word in words])
