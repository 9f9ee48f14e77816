"""Rows set aside, asked for again: a pull by marker also looks for their keys, wherever their marker stands.

Else a row mended at the source without a move of its marker would wait for the next pull of everything. What is asked
for and does not come is gone at the source. So a key is only asked for where its row is sure to be recognised: nothing
was wrong with the key itself, and the source either looks at all its rows or finds them by columns of a plain type.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from pipelines.contract import Entity, Kind
from pipelines.extract.checks import LONGEST_KEY_BYTES
from pipelines.extract.lines import KEY_SEPARATOR, NUL_SIGN
from pipelines.extract.pull import Plan
from pipelines.extract.source import NUMBER_TYPES, WHOLE_TYPES, Source

KEYS_A_PULL = 300
# The keys that nobody has looked for the longest come first. A row still bad then goes to the end, so that all get
# their turn: with the oldest first, rows that are never mended would stand before all others for good. `:key_fault`: a
# row whose key is mended has another one then.
WAITING = """
    select key from landing.landing_rejected where source_system = :source_system and entity = :entity
    group by key having bool_and(reason !~ :key_fault) order by max(last_rejected_at), min(first_rejected_at), key
"""

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_READ = {"UUID": lambda text: str(uuid.UUID(text)), "DATE": lambda text: date.fromisoformat(text).isoformat()}
_DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?")


def key_fault(contract: Entity) -> str:
    """A pattern of the reasons that find fault with a part of the key."""
    return f"(^|; )({'|'.join(contract.key)})[ :]"


def ask(plan: Plan, source: Source, waiting: Iterable[str]) -> Plan:
    """The plan of an incremental pull that asks for the first of these keys too, as far as it can."""
    columns = _columns(plan, source)
    if columns is None:
        return plan
    keys: list[str] = []
    values: dict[str, set[str]] = {column: set() for column in columns.values()}
    for key in waiting:
        parts = _parts(plan, key)
        if parts is None or not all(_takes(plan.types[column], parts[name]) for name, column in columns.items()):
            continue
        keys.append(key)
        for name, column in columns.items():
            values[column].add(parts[name])
        if len(keys) == KEYS_A_PULL:
            break
    if not keys:
        return plan
    wanted = {column: sorted(found) for column, found in values.items()}
    return replace(plan, asked=tuple(keys), relation=replace(plan.relation, wanted=wanted))


def _columns(plan: Plan, source: Source) -> dict[str, str] | None:
    """The source columns to ask by, of these parts of the key; none where the source looks at all its rows.

    None: it cannot be asked. Other parts may be an expression or text of a number: the engine looks at all of them.
    """
    types = source.asked_types(plan.pull.entity)
    if types is None:
        return {}
    found = {}
    for name in plan.pull.contract.key:
        origin, kind = plan.origins[name], plan.pull.contract.column(name).kind
        column = origin.column if origin.codes is None and origin.format is None else None
        if column is not None and _base(plan.types[column]) in types and _fits(kind, plan.types[column]):
            found[name] = column
    return found or None


def _parts(plan: Plan, key: str) -> dict[str, str] | None:
    """The parts of a key as the source holds them; None where it was not kept as it came."""
    contract, mapping = plan.pull.contract, plan.pull.mapping
    texts = key.split(KEY_SEPARATOR)
    if len(texts) != len(contract.key) or len(key) >= LONGEST_KEY_BYTES or NUL_SIGN in key:
        return None
    return {
        name: text.removeprefix(mapping.prefix_of(contract.column(name)))
        for name, text in zip(contract.key, texts, strict=True)
    }


def _base(source_type: str) -> str:
    return source_type.split("(")[0]


def _fits(kind: Kind, source_type: str) -> bool:
    """Whether equal values of a column of this type are equal values of the kind."""
    base = _base(source_type)
    if kind is Kind.DATE:
        return base == "DATE"
    return base in NUMBER_TYPES or (kind is Kind.TEXT and base in ("VARCHAR", "BLOB", "UUID"))


def _takes(source_type: str, text: str) -> bool:
    """Whether a column of this type can hold what reads so."""
    base = _base(source_type)
    if base in WHOLE_TYPES:
        return _WHOLE.fullmatch(text) is not None
    if base in NUMBER_TYPES:
        return _DECIMAL.fullmatch(text) is not None
    if base in _READ:
        try:
            return _READ[base](text) == text
        except ValueError:
            return False
    return True
