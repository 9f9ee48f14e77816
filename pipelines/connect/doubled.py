"""Keys that come more than once, of which a night would set every row aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Doubled:
    """Rows whose key comes more than once: all of them are set aside. How many (at least, unless `is_all`), of how many
    that were looked at, and one such key.
    """

    rows: int
    looked_at: int
    is_all: bool
    example: str

    @classmethod
    def of(cls, keys: Counter[tuple[str, ...]], looked_at: int, is_all: bool) -> Doubled:
        doubled = {key: count for key, count in keys.items() if count > 1}
        return cls(sum(doubled.values()), looked_at, is_all, "/".join(min(doubled, default=())))

    def __str__(self) -> str:
        if self.is_all:
            return f"{self.rows:,} of all {self.looked_at:,} rows"
        return f"{self.rows:,} of the {self.looked_at:,} sampled rows, and perhaps more,"
