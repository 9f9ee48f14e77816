"""A plain model of extraction: what landing, history, rows set aside and the account must be, by the guide's words.

It knows of no SQL. The guide is `pipelines/sources/README.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.integration.sequence_source import OVERLAP_IDS, RECONCILED, Reading, Record, Row, Shape, instant_of

Key = tuple[str, ...]
REPEATED_HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """A row as it landed."""

    values: tuple[tuple[str, Any], ...]
    updated_at: datetime | None
    known_from: datetime = EPOCH


@dataclass(frozen=True)
class Past:
    """A version that is no longer held."""

    key: str
    version: Version
    known_to: datetime
    superseded_by: str
    run_id: str


@dataclass(frozen=True)
class Aside:
    """A row set aside."""

    key: str
    reason: str
    is_whole: bool
    record: str
    run_id: str
    first_at: datetime = EPOCH

    @property
    def known_by(self) -> Key:
        """By what it is the same as one set aside before: without a whole key, by all that it holds."""
        return (self.key,) if self.is_whole else (self.key, self.reason, self.record)


@dataclass(frozen=True)
class Pull:
    """What is asked of one extraction of an entity."""

    run_id: str
    as_of: str
    kind: str = "night"
    is_whole: bool = False
    back_to: datetime | None = None


@dataclass(frozen=True)
class Done:
    """An earlier run, as the account knows it."""

    as_of: str
    kind: str
    is_whole: bool


@dataclass
class State:
    """All that is known of an entity of a source."""

    held: dict[Key, Version] = field(default_factory=dict)
    history: list[Past] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    watermark: Any = None
    fingerprint: tuple[Any, ...] | None = None
    runs: dict[str, Done] = field(default_factory=dict)


@dataclass
class Outcome:
    """What an extraction must lead to; `refused`: to an error that says so, and to nothing else."""

    state: State
    account: dict[str, Any]
    refused: str | None = None


@dataclass
class Read:
    """The rows that a pull takes, by what becomes of them."""

    admitted: dict[Key, Version] = field(default_factory=dict)
    rejected: list[Aside] = field(default_factory=list)
    marked: list[Key] = field(default_factory=list)
    came: int = 0
    alive: int = 0


def text_of(key: Key) -> str:
    return "\x1f".join(key)


def pull(state: State, visible: Sequence[Row] | None, reading: Reading, shape: Shape, asked: Pull) -> Outcome:
    """One extraction of one entity, of which these rows can be seen (None: it has no table)."""
    rows = visible or ()
    start = None if visible is None else _start(state, reading, shape, asked)
    at_fault = {aside.key for aside in state.aside if any(f"{part} " in aside.reason for part in shape.key)}
    waiting = {aside.key for aside in state.aside if reading.can_ask(shape.entity)} - at_fault
    due = [row for row in rows if start is None or _is_due(row, start, waiting, reading, shape)]
    read = _read(due, reading, shape, asked.run_id)
    gone = _gone(state, read, is_whole=start is None)
    new = [key for key in read.admitted if key not in state.held]
    changed = [
        key for key, version in read.admitted.items()
        if key in state.held and state.held[key].values != version.values
    ]  # fmt: skip
    removed = [key for key in gone if key in set(read.marked)]
    landed = len(new) + len(changed) + len(removed)
    after = replace(state, held=dict(state.held), history=list(state.history), runs=dict(state.runs))
    for key in [*changed, *gone]:
        by = "update" if key in read.admitted else "delete"
        after.history.append(Past(text_of(key), state.held[key], EPOCH, by, asked.run_id))
        del after.held[key]
    after.held |= {key: read.admitted[key] for key in [*new, *changed]}
    after.aside = _aside(state, read, waiting, is_whole=start is None)
    after.fingerprint = reading.fingerprint(shape.entity)
    after.watermark = _watermark(state, due, reading, shape)
    after.runs[asked.run_id] = Done(asked.as_of, asked.kind, start is None)
    account = {
        "rows_read": read.came,
        "rows_landed": landed,
        "rows_unchanged": read.came - landed - len(read.rejected),
        "rows_rejected": len(read.rejected),
        "rows_deleted": len(gone),
        "rows_held": len(after.held),
        "rows_missed": _missed(state, read, [*new, *changed], set(changed), reading, shape) if start is None else 0,
        "is_full_pull": start is None,
    }
    if visible is None:
        after.watermark, account["rows_missed"] = state.watermark, 0
        return Outcome(after, account, None if reading.may_be_absent else "the source has no table")
    is_emptied = not read.came and bool(state.held) and (start is None or not rows)
    return Outcome(after, account, "the source is empty" if is_emptied else None)


def _window(state: State, reading: Reading, shape: Shape) -> Any:
    """From which marker on rows are due; None: all are."""
    by = reading.by(shape.entity)
    has_changed = state.fingerprint is not None and state.fingerprint != reading.fingerprint(shape.entity)
    if by is None or state.watermark is None or not state.held or has_changed:
        return None
    if by == "seq":
        return state.watermark - OVERLAP_IDS
    return state.watermark - timedelta(minutes=reading.overlap_minutes) - REPEATED_HOUR


def _start(state: State, reading: Reading, shape: Shape, asked: Pull) -> Any:
    window = _window(state, reading, shape)
    if asked.is_whole or window is None:
        return None
    if asked.back_to is not None:
        return min(asked.back_to, window)
    if reading.mode(shape.entity).startswith("reconcile") and _nights_by_marker(state, asked) >= RECONCILED - 1:
        return None
    return window


def _nights_by_marker(state: State, asked: Pull) -> int:
    """Dates pulled by marker since everything was pulled."""
    dates: set[str] = set()
    whole: str | None = None
    for done in state.runs.values():
        if done.is_whole:
            dates = set()
            whole = done.as_of
        elif done.kind == "night" and done.as_of != whole:
            dates.add(done.as_of)
    return len(dates - {asked.as_of})


def marker_of(row: Row, reading: Reading, entity: str) -> Any:
    by = reading.by(entity)
    if by is None or by == "seq":
        return row.values.get(by or "")
    return instant_of(row.values[by], reading.zone)


def _is_due(row: Row, start: Any, waiting: set[str], reading: Reading, shape: Shape) -> bool:
    marker = marker_of(row, reading, shape.entity)
    key, is_whole = key_of(row, reading, shape)
    return marker is None or marker >= start or (is_whole and text_of(key) in waiting)


def key_of(row: Row, reading: Reading, shape: Shape) -> tuple[Key, bool]:
    """The key as it lands, and whether no part of it is missing."""
    parts = [value_of(name, row.values, reading, shape) for name in shape.key]
    return tuple("" if part is None else str(part) for part in parts), None not in parts


def value_of(name: str, values: Record, reading: Reading, shape: Shape) -> Any:
    """What a canonical column holds of a row that can be read."""
    raw = values.get(shape.columns[name])
    if name == "credit_limit" and not reading.has_credit:
        return None
    if name == "is_cancelled":
        return {"C": True, "": False, "Z": False}.get(raw)
    if raw is None or raw == "":
        return None
    if name in ("credit_limit", "quantity", "unit_price"):
        return Decimal(raw)
    return reading.prefix + raw if name.endswith("_id") else raw


def _read(rows: Sequence[Row], reading: Reading, shape: Shape, run_id: str) -> Read:
    found = Read(came=len(rows))
    alive: list[tuple[Row, Key, bool, list[str]]] = []
    for row in rows:
        key, is_whole = key_of(row, reading, shape)
        of_key = [f"{name} is missing" for name in shape.key if value_of(name, row.values, reading, shape) is None]
        if reading.reads_flag(shape.entity) and row.values.get("gone") == "X":
            if of_key:
                found.rejected.append(
                    Aside(text_of(key), "; ".join(of_key), False, record_of(row, reading, shape), run_id)
                )
            else:
                found.marked.append(key)
        else:
            alive.append((row, key, is_whole, of_key + faults(row, reading, shape)))
    copies = Counter(key for _, key, is_whole, _ in alive if is_whole)
    for row, key, is_whole, reasons in alive:
        doubled = ["duplicate key"] if is_whole and copies[key] > 1 else []
        if reasons or doubled:
            reason, record = "; ".join(reasons + doubled), record_of(row, reading, shape)
            found.rejected.append(Aside(text_of(key), reason, is_whole, record, run_id))
        else:
            values = tuple((name, value_of(name, row.values, reading, shape)) for name in shape.columns)
            is_instant = reading.by(shape.entity) not in (None, "seq")
            found.admitted[key] = Version(values, marker_of(row, reading, shape.entity) if is_instant else None)
    return found


def record_of(row: Row, reading: Reading, shape: Shape) -> str:
    """What is kept of a row that cannot land: what the columns hold that are read, of an expression what it reads."""
    names = [name for name in shape.columns if name != "credit_limit" or reading.has_credit]
    return str([reading.key_is_expression, *(row.values.get(shape.columns[name]) for name in names)])


def faults(row: Row, reading: Reading, shape: Shape) -> list[str]:
    """Why a row cannot land, but for its key."""
    found = []
    for column, values in shape.bad.items():
        is_read = (column != "credit" or reading.has_credit) and not (column == "state" and reading.knows_z)
        found += [reason for value, reason in values if is_read and row.values.get(column) == value]
    return found


def _gone(state: State, read: Read, is_whole: bool) -> list[Key]:
    bad = {aside.key for aside in read.rejected if aside.is_whole}
    suspects = list(state.held) if is_whole else list(dict.fromkeys(read.marked))
    return [key for key in suspects if key in state.held and key not in read.admitted and text_of(key) not in bad]


def _aside(state: State, read: Read, waiting: set[str], is_whole: bool) -> list[Aside]:
    first: dict[Key, datetime] = {}
    for aside in state.aside:
        first[aside.known_by] = min(aside.first_at, first.get(aside.known_by, aside.first_at))
    rejected = [replace(aside, first_at=first.get(aside.known_by, EPOCH)) for aside in read.rejected]
    if is_whole:
        return rejected
    ended = {text_of(key) for key in [*read.admitted, *read.marked]} | waiting
    ended |= {aside.key for aside in read.rejected if aside.is_whole}
    # Of those alike without a whole key, which nothing tells apart, the first known is the first that comes again.
    again: dict[Key, list[Aside]] = {}
    for aside in rejected:
        if not aside.is_whole:
            again.setdefault(aside.known_by, []).append(aside)
    kept = []
    for aside in state.aside:
        if not aside.is_whole and again.get(aside.known_by):
            kept.append(again[aside.known_by].pop(0))
        elif aside.key not in ended:
            kept.append(aside)
    others = [aside for aside in rejected if aside.is_whole]
    return kept + others + [aside for alike in again.values() for aside in alike]


def _watermark(state: State, rows: Sequence[Row], reading: Reading, shape: Shape) -> Any:
    by = reading.by(shape.entity)
    if by is None:
        return None
    markers = [marker for row in rows if (marker := marker_of(row, reading, shape.entity)) is not None]
    if by != "seq":
        now = datetime.now(UTC)
        markers = [marker for marker in markers if marker <= now]
    has_changed = state.fingerprint is not None and state.fingerprint != reading.fingerprint(shape.entity)
    if state.watermark is not None and not has_changed:
        markers.append(state.watermark)
    return max(markers, default=None)


def _missed(state: State, read: Read, differ: Sequence[Key], changed: set[Key], reading: Reading, shape: Shape) -> int:
    """New and changed rows that the marker alone would not have shown."""
    window = _window(state, reading, shape)
    if window is None:
        return 0
    if reading.by(shape.entity) == "seq":
        return len(changed)
    stamps = [read.admitted[key].updated_at for key in differ]
    return sum(stamp is not None and stamp < window for stamp in stamps)
