"""Which judgements two calibration versions do not share, from what is stored with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pipelines.settings import DEFAULT_SET
from pipelines.warehouse.calibration_schema import CALIBRATION_JUDGEMENT_SET


@dataclass(frozen=True)
class JudgementChange:
    """One pair of a node's children in a set; `old` and `new` say how it is judged, None where it is not.

    `reason`: that of the new judgement, of the old one where there is no new.
    """

    judgement_set: str
    node: str
    old: str | None
    new: str | None
    reason: str


def judgement_words(judgement: Mapping[str, Any]) -> str:
    """A stored judgement (`more`, `less`, `times`) in words."""
    if judgement["times"] == 1:
        return f"{judgement['more']} as much as {judgement['less']}"
    return f"{judgement['more']} over {judgement['less']} by {judgement['times']:g}"


def judgement_changes(connection: sa.Connection, old: int, new: int) -> Sequence[JudgementChange]:
    """The pairs that the versions judge differently, by set and node; another reason alone is no difference.

    A set that a version lacks stands with its default set: its customers had, or get, these judgements.
    """
    before, after = _stored(connection, old), _stored(connection, new)
    return [
        change
        for name in sorted(before.keys() | after.keys())
        for change in _changes(name, before.get(name, before[DEFAULT_SET]), after.get(name, after[DEFAULT_SET]))
    ]


def _stored(connection: sa.Connection, version: int) -> dict[str, Mapping[str, Any]]:
    own = CALIBRATION_JUDGEMENT_SET.c
    rows = connection.execute(sa.select(own.judgement_set, own.judgements).where(own.version == version))
    return {row.judgement_set: row.judgements for row in rows}


def _changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[JudgementChange]:
    changes = []
    for node in sorted(old.keys() | new.keys()):
        before, after = (_pairs(judged.get(node)) for judged in (old, new))
        for pair in sorted(before.keys() | after.keys()):
            was, will_be = before.get(pair), after.get(pair)
            if _strength(was, pair) != _strength(will_be, pair):
                words = [judgement_words(one) if one else None for one in (was, will_be)]
                changes.append(JudgementChange(name, node, words[0], words[1], (will_be or was or {})["reason"]))
    return changes


def _pairs(node: Mapping[str, Any] | None) -> dict[tuple[str, ...], Mapping[str, Any]]:
    judgements = node["judgements"] if node else []
    return {tuple(sorted((one["more"], one["less"]))): one for one in judgements}


def _strength(judgement: Mapping[str, Any] | None, pair: tuple[str, ...]) -> float | None:
    """How many times as much the first of the pair matters as the second."""
    if judgement is None:
        return None
    return float(judgement["times"]) if judgement["more"] == pair[0] else 1 / judgement["times"]
