"""Plays a sequence: at the source, at its mirror and as extractions, each of which is held against the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.extract import ExtractionError, ExtractionResult, Reach, comparison, extract_source
from pipelines.extract.landing import Landing
from tests.integration import sequence_model as model
from tests.integration import sequence_source as source_side
from tests.integration.extracting import Desk
from tests.integration.sequence_source import SHAPES, Place, Reading, Record, Row, Shape
from tests.integration.sequence_steps import Step

FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
OLD = datetime(2023, 1, 1, tzinfo=UTC)
BEGIN = datetime(2024, 1, 10, tzinfo=UTC)
STATES = "landing.landing_history", "landing.landing_rejected", "control.watermark", "control.extraction"


class Injected(OSError):
    """The fault of a night that fails."""


@dataclass
class Play:
    """One sequence on an emptied warehouse and emptied sources."""

    desk: Desk
    places: dict[str, Place]
    states: dict[tuple[str, str], model.State] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    clock: datetime = BEGIN
    day: date = date(2024, 1, 10)
    runs: int = 0
    last_run: dict[str, model.Pull] = field(default_factory=dict)
    nights: int = 0

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.clock += timedelta(minutes=20)
            getattr(self, step.what)(**step.with_)
        for place in self.places.values():
            for entity in SHAPES:
                assert place.stored(entity) == [], "the mirror is not the source"

    # -- the source

    def put(self, source: str, entity: str, key: tuple[Any, ...], values: Record, when: str) -> None:
        rows = self._rows(source, entity, key)
        for row in rows:
            self.places[source].update(entity, row, values | self._stamps(source, entity, when))
        if not rows:
            self.insert(source, entity, key, values, when)

    def insert(self, source: str, entity: str, key: tuple[Any, ...], values: Record, when: str) -> None:
        self.places[source].insert(entity, self._record(source, entity, key, values, when))

    def insert_late(self, source: str, entity: str, key: tuple[Any, ...], values: Record, when: str) -> None:
        self.places[source].insert_late(entity, self._record(source, entity, key, values, when))

    def commit(self, source: str) -> None:
        self.places[source].commit()

    def delete(self, source: str, entity: str, key: tuple[Any, ...], copies: str) -> None:
        rows = self._rows(source, entity, key)
        self.places[source].delete(entity, rows if copies == "all" else rows[:1])

    def lose_key(self, source: str, entity: str, key: tuple[Any, ...], when: str) -> None:
        last = list(SHAPES[entity].types)[len(key) - 1]
        for row in self._rows(source, entity, key)[:1]:
            self.places[source].update(entity, row, {last: None} | self._stamps(source, entity, when))

    def rename(self, source: str, entity: str, key: tuple[Any, ...], to: str, when: str) -> None:
        for row in self._rows(source, entity, key)[:1]:
            self.places[source].update(entity, row, {"id": to} | self._stamps(source, entity, when))

    def empty(self, source: str, entity: str) -> None:
        self.places[source].delete(entity, self.places[source].rows[entity])

    def hide(self, source: str, entity: str) -> None:
        self.places[source].hide_or_show(entity)

    def _rows(self, source: str, entity: str, key: tuple[Any, ...]) -> list[Row]:
        columns = list(SHAPES[entity].types)[: len(key)]
        return [
            row for row in self.places[source].rows[entity] if tuple(row.values[column] for column in columns) == key
        ]

    def _record(self, source: str, entity: str, key: tuple[Any, ...], values: Record, when: str) -> Record:
        shape = SHAPES[entity]
        columns = list(shape.types)
        usual = {column: found[0] for column, found in shape.good.items()}
        stamps = self._stamps(source, entity, "old" if when == "keep" else when)
        return dict(zip(columns, key, strict=False)) | usual | {"gone": ""} | values | stamps

    def _stamps(self, source: str, entity: str, when: str) -> Record:
        """The marker columns of a row that is written now."""
        if when == "keep":
            return {}
        reading = self.readings[source]
        by = reading.by(entity) if entity in dict(reading.modes) else None
        reached = self.states[source, entity].watermark if by is not None else None
        if by == "seq":
            changed: datetime | None = self.clock
            number = self._number(when, reached if isinstance(reached, int) else None)
        else:
            number = self.runs
            changed = self._changed(when, reached if isinstance(reached, datetime) else None, reading)
        shift = source_side.TOUCHED_LATER if by == "touched" else timedelta(0)
        if changed is None:
            return {"changed": None, "touched": None, "seq": number}
        clock = source_side.local(changed, reading.zone) + shift
        return {"changed": clock, "touched": clock - source_side.TOUCHED_LATER, "seq": number}

    def _changed(self, when: str, watermark: datetime | None, reading: Reading) -> datetime | None:
        reached = watermark or self.clock
        edge = reached - timedelta(minutes=reading.overlap_minutes) - model.REPEATED_HOUR
        return {
            "now": self.clock, "same": reached, "edge": edge, "before the edge": edge - timedelta(microseconds=1),
            "overlap": reached - timedelta(minutes=30), "old": OLD, "none": None, "future": FUTURE,
        }[when]  # fmt: skip

    def _number(self, when: str, watermark: int | None) -> int | None:
        reached = 100 if watermark is None else watermark
        return {
            "now": reached + 1, "same": reached, "edge": reached - source_side.OVERLAP_IDS,
            "before the edge": reached - source_side.OVERLAP_IDS - 1, "overlap": reached - 1, "old": 1, "none": None,
            "future": reached + 5,
        }[when]  # fmt: skip

    # -- the mapping

    def map(self, source: str, reading: Reading) -> None:
        place = self.places[source]
        self.readings[source] = reading = replace(reading, kind=place.kind)
        for entity, _ in reading.modes:
            self.states.setdefault((source, entity), model.State())
        self.desk.source(source, place.location, source_side.mapping_text(reading, place.suffix))

    def remap(self, source: str, entity: str, change: dict[str, Any]) -> None:
        reading = self.readings[source]
        if "mode" in change:
            self.map(source, reading.with_mode(entity, change["mode"]))
        else:
            self.map(source, replace(reading, **change))

    # -- the pulls

    def night(self, source: str, date: str, fails_at: int | None, looks_up: bool, under_way: tuple[Step, ...]) -> None:
        last = self.last_run.get(source)
        if date == "same run" and last is not None:
            asked = last
        else:
            self.day += timedelta(days=1 if date == "next" else 0)
            asked = self._run("night")
        self.last_run[source] = asked
        entities = list(dict(self.readings[source].modes))
        self._extract(source, entities, asked, Reach(), lambda: self._disturbed(fails_at, looks_up, under_way))

    def reload(self, source: str, entity: str) -> None:
        asked = replace(self._run("reload"), is_whole=True)
        self._extract(source, [entity], asked, Reach(is_whole=True))

    def backfill(self, source: str, entity: str | None, days: int) -> None:
        back_to = self.clock - timedelta(days=days)
        entities = [entity] if entity else list(dict(self.readings[source].modes))
        if any(self.readings[source].by(name) == "seq" for name in entities):
            return
        asked = replace(self._run("backfill"), back_to=back_to)
        self._extract(source, entities, asked, Reach(back_to=back_to))

    def _run(self, kind: str) -> model.Pull:
        self.runs += 1
        run_id = f"{kind} {self.runs}"
        self.desk.run(
            "insert into control.run (run_id, as_of_date, source_systems, kind, started_at, status)"
            f" values ('{run_id}', '{self.day}', '{{}}', '{kind}', clock_timestamp(), 'running')"
        )
        return model.Pull(run_id, self.day.isoformat(), kind)

    @contextmanager
    def _disturbed(self, fails_at: int | None, looks_up: bool, under_way: tuple[Step, ...]) -> Iterator[None]:
        """A fault at the n-th statement, writes after the first read, held keys looked up one by one."""
        done: list[int] = []
        waiting = list(under_way)
        original = Landing.read

        def strike(*_: Any) -> None:
            done.append(1)
            if len(done) == fails_at:
                raise Injected("the fault")

        def read(landing: Landing, *arguments: Any) -> None:
            original(landing, *arguments)
            while waiting:
                step = waiting.pop()
                getattr(self, step.what)(**step.with_)

        with pytest.MonkeyPatch.context() as patch:
            if under_way:
                patch.setattr(Landing, "read", read)
            if looks_up:
                patch.setattr(comparison, "_processes", lambda *_: comparison.PROCESSES_IN_MEMORY)
            if fails_at is not None:
                sa.event.listen(self.desk.engine, "before_cursor_execute", strike)
            try:
                yield
            finally:
                if fails_at is not None:
                    sa.event.remove(self.desk.engine, "before_cursor_execute", strike)

    def _extract(
        self,
        source: str,
        entities: Sequence[str],
        asked: model.Pull,
        reach: Reach,
        disturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """One run, held against the model."""
        self.nights += 1
        reading, place = self.readings[source], self.places[source]
        expected = {
            entity: model.pull(self.states[source, entity], place.visible(entity), reading, SHAPES[entity], asked)
            for entity in SHAPES
            if entity in entities
        }
        before = self.everything()
        try:
            with disturbed():
                results = extract_source(self.desk.settings, self.desk.engine, source, asked.run_id, entities, reach)
        except (ExtractionError, Injected) as error:
            self._check_failure(error, before, [outcome.refused for outcome in expected.values()])
            return
        refused = {
            entity: outcome.refused
            for entity, outcome in expected.items()
            if outcome.refused and not self._is_refilled(place, entity, outcome)
        }
        assert not refused, f"{asked.run_id}, {source}: it went through: {refused}"
        for result in results:
            self._check(source, asked.run_id, result, expected[result.entity])

    def _is_refilled(self, place: source_side.Place, entity: str, outcome: model.Outcome) -> bool:
        """Whether a pull by marker of an emptied table may find it filled: MySQL looks again a moment later."""
        return place.kind == "mysql" and not outcome.account["is_full_pull"] and bool(place.visible(entity))

    def _check_failure(self, error: Exception, before: Any, refused: Sequence[str | None]) -> None:
        reasons = ["the fault", *(reason for reason in refused if reason)]
        assert any(reason in str(error) for reason in reasons), f"it failed: {error}"
        agree("after a failed night", self.everything(), before)

    # -- what is there

    def everything(self) -> list[tuple[Any, ...]]:
        """All that an extraction writes, with the tables that it might leave behind and the keys it might take away."""
        found: list[tuple[Any, ...]] = []
        for table in (*(f"landing.{entity}" for entity in SHAPES), *STATES):
            found += [(table, *row) for row in self.desk.rows(f"select t::text from {table} as t")]
        found += self.desk.rows("select tablename from pg_tables where schemaname = 'landing'")
        found += self.desk.rows("select conname from pg_constraint where contype = 'p'")
        return found

    def _check(self, source: str, run_id: str, result: ExtractionResult, expected: model.Outcome) -> None:
        shape = SHAPES[result.entity]
        where = f"where source_system = '{source}' and entity = '{result.entity}'"
        ((marker, at),) = self.desk.rows(f"select marker, advanced_at from control.watermark {where}")
        state = settled(expected.state, at)
        said = f"{run_id}, {source}.{result.entity}: "
        account = {name: getattr(result, name) for name in expected.account}
        agree(f"{said}the account", account.items(), expected.account.items())
        agree(f"{said}landing", self._landed(source, shape), map(_flat, state.held.values()))
        agree(f"{said}history", self._history(where, shape), map(_flat_past, state.history))
        aside = self.desk.rows(f"select key, reason, run_id from landing.landing_rejected {where}")
        agree(f"{said}rows set aside", aside, [(aside.key, aside.reason, aside.run_id) for aside in state.aside])
        first = f"select key, min(first_rejected_at) from landing.landing_rejected {where} group by key"
        since = {aside.key: min(one.first_at for one in state.aside if one.key == aside.key) for aside in state.aside}
        agree(f"{said}since when set aside", self.desk.rows(first), since.items())
        if self.readings[source].by(shape.entity) is not None:
            agree(f"{said}watermark", [_marker(marker)], [state.watermark])
        names = ", ".join(expected.account)
        kept = self.desk.rows(f"select {names} from control.extraction {where} and run_id = '{run_id}'")
        agree(f"{said}the account kept", kept, [tuple(expected.account.values())])
        self.states[source, shape.entity] = state

    def _landed(self, source: str, shape: Shape) -> list[Any]:
        names = ", ".join([*shape.columns, "updated_at", "extracted_at"])
        rows = self.desk.rows(f"select {names} from landing.{shape.entity} where source_system = '{source}'")
        return [tuple(map(_plain, row)) for row in rows]

    def _history(self, where: str, shape: Shape) -> list[Any]:
        names = "key, row::text, known_from, known_to, superseded_by, run_id"
        found = []
        for key, text, *rest in self.desk.rows(f"select {names} from landing.landing_history {where}"):
            row = json.loads(text, parse_float=Decimal, parse_int=Decimal)
            found.append((key, *(row[name] for name in shape.columns), *rest))
        return found


def agree(what: str, found: Iterable[Any], expected: Iterable[Any]) -> None:
    """Both hold the same, whatever its order.

    Raises:
        AssertionError: it shows what only one of them holds.
    """
    there, wanted = list(found), list(expected)
    surplus = [one for one in there if there.count(one) > wanted.count(one)]
    lacking = [one for one in wanted if wanted.count(one) > there.count(one)]
    assert not surplus and not lacking, f"{what}\n  there: {surplus}\n  the model's: {lacking}"


def _flat(version: model.Version) -> tuple[Any, ...]:
    return (*(value for _, value in version.values), version.updated_at, version.known_from)


def _flat_past(past: model.Past) -> tuple[Any, ...]:
    values = (value for _, value in past.version.values)
    return (past.key, *values, past.version.known_from, past.known_to, past.superseded_by, past.run_id)


def settled(state: model.State, at: datetime) -> model.State:
    """With the time of the pull where it was not known yet."""
    held = {
        key: replace(version, known_from=at) if version.known_from == model.EPOCH else version
        for key, version in state.held.items()
    }
    history = [replace(past, known_to=at) if past.known_to == model.EPOCH else past for past in state.history]
    aside = [replace(aside, first_at=at) if aside.first_at == model.EPOCH else aside for aside in state.aside]
    return replace(state, held=held, history=history, aside=aside)


def _marker(text: str | None) -> Any:
    if text is None:
        return None
    return int(text) if text.lstrip("-").isdigit() else datetime.fromisoformat(text)


def _plain(value: Any) -> Any:
    return value.isoformat() if type(value) is date else value
