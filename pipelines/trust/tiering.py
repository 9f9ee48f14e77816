"""The raw tier rule of the models, in numpy: core by contribution, the rest by place.

Shares are doubles here. What lies within 1e-12 of the line has reached it, and keys compare at 15 decimals, so that the
rule without any perturbation says what the models' exact arithmetic says; a test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pipelines.trust.scores import Flags, Floats, Integers

LINE_TOLERANCE = 1e-12
KEY_DECIMALS = 15


@dataclass(frozen=True)
class Scheme:
    """Positions are those of the night's scheme, 1 the best; `best` are (position, share of the others)."""

    names: dict[int, str]
    core_position: int
    core_line: float
    best: tuple[tuple[int, Decimal], ...]
    last_position: int


@dataclass(frozen=True)
class Contributions:
    """n customers in bytewise order: shares of margin and volume (0 where there is nothing to share)."""

    margin: Floats
    volume: Floats
    may_be_core: Flags


def core_members(shares: Contributions, margin_part: float, line: float) -> Flags:
    """Who is inside the core prefix when customers are ordered by margin_part x margin + the rest x volume."""
    key = np.round(margin_part * shares.margin + (1 - margin_part) * shares.volume, KEY_DECIMALS)
    order = np.argsort(-key, kind="stable")
    inside = np.zeros(len(order), dtype=bool)
    for share in (shares.margin, shares.volume):
        if share.any():
            ordered = share[order]
            inside |= np.cumsum(ordered) - ordered < line - LINE_TOLERANCE
    core = np.zeros(len(order), dtype=bool)
    core[order] = inside
    return core & shares.may_be_core


@dataclass(frozen=True)
class Line:
    """The `count` best outside the core hold at least `position`; who falls out of them has `following`."""

    count: int
    position: int
    following: int


def tier_lines(scheme: Scheme, outside: int) -> list[Line]:
    """The lines that go by score among so many customers outside the core."""
    following = [*[position for position, _ in scheme.best[1:]], scheme.last_position]
    lines = [
        Line(_places(share, outside), position, after)
        for (position, share), after in zip(scheme.best, following, strict=True)
    ]
    return [line for line in lines if 0 < line.count < outside]


def _places(share: Decimal, outside: int) -> int:
    """How many a share of the customers outside the core is, rounded up."""
    return math.ceil(share * outside)


def raw_positions(scores: Floats, is_core: Flags, scheme: Scheme) -> Integers:
    """n positions in the scheme from rounded scores; ties go by the order of the customers."""
    positions = np.full(len(scores), scheme.last_position, dtype=np.intp)
    outside = np.flatnonzero(~is_core)
    # the best tier last: where one customer fits several, the best holds
    for position, share in reversed(scheme.best):
        positions[outside[best_members(scores[outside], _places(share, len(outside)))]] = position
    positions[is_core] = scheme.core_position
    return positions


def best_members(scores: Floats, count: int) -> Flags:
    """The `count` best, the first of equals."""
    if count >= len(scores):
        return np.ones(len(scores), dtype=bool)
    if count == 0:
        return np.zeros(len(scores), dtype=bool)
    last = np.partition(scores, len(scores) - count)[len(scores) - count]
    found: Flags = scores > last
    found[np.flatnonzero(scores == last)[: count - int(found.sum())]] = True
    return found
