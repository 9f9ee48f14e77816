"""Guesses which table is which entity and which column is which: by names, comments, keys, references and types.

Every guess carries its reason in words. What scores below BELIEVABLE is no guess at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pipelines.connect import vocabulary
from pipelines.connect.reflection import SourceColumn, SourceTable
from pipelines.contract import ENTITIES, ENTITY_BY_NAME, Column, Entity, Kind

BELIEVABLE = 0.5
# So many required columns found in one table say what it is, whatever its name.
COLUMNS_THAT_TELL = 4
FITTING = {
    Kind.TEXT: {"text", "number", "other"},
    Kind.DATE: {"date", "text"},
    Kind.NUMERIC: {"number", "text"},
    Kind.INTEGER: {"number", "text"},
    Kind.BOOLEAN: {"flag", "text", "number"},
}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_CHINESE = re.compile("|".join(sorted(vocabulary.CHINESE, key=len, reverse=True)))


@dataclass(frozen=True)
class Guess:
    """A source column (or table) and why it was taken; `score` 0 to 1."""

    name: str
    reason: str
    score: float


@dataclass(frozen=True)
class EntityGuess:
    """A table for an entity, and a column for what of its columns could be guessed.

    `is_distinct`: the table holds order lines, and each order's own values again on every one of them.
    """

    entity: Entity
    table: SourceTable
    reason: str
    columns: dict[str, Guess]
    change_marker: Guess | None
    deletion_flag: Guess | None
    is_distinct: bool = False


def guess(tables: Iterable[SourceTable]) -> list[EntityGuess]:
    """The entities that could be found, in the contract's order; a table is taken for one entity only."""
    candidates = sorted(
        ((_table_score(entity, table), entity, table) for entity in ENTITIES for table in tables),
        key=lambda item: (-item[0][0], item[1].name, item[2].mapped_name),
    )
    chosen: dict[str, tuple[SourceTable, str]] = {}
    taken: set[str] = set()
    for (score, reason), entity, table in candidates:
        if score >= BELIEVABLE and entity.name not in chosen and table.mapped_name not in taken:
            chosen[entity.name] = (table, reason)
            taken.add(table.mapped_name)
    orders = chosen.get("sales_order")
    if orders and "sales_order_line" not in chosen and _has_all("sales_order_line", orders[0]):
        chosen["sales_order_line"] = chosen.pop("sales_order")
    entity_of_table = {table.name: name for name, (table, _) in chosen.items()}
    found = [
        _entity_guess(entity, *chosen[entity.name], entity_of_table) for entity in ENTITIES if entity.name in chosen
    ]
    if "sales_order" not in chosen and "sales_order_line" in chosen:
        found += _orders_of_lines(chosen["sales_order_line"][0], entity_of_table)
    return sorted(found, key=lambda item: ENTITIES.index(item.entity))


def left_over(found: EntityGuess, name: str) -> Guess | None:
    """A date of the entity's table that nothing uses and that is called like this canonical column, of any entity."""
    used = {item.name for item in found.columns.values()} | {found.change_marker.name if found.change_marker else ""}
    free = [column for column in found.table.columns if column.name not in used and column.family in FITTING[Kind.DATE]]
    return _best(free, vocabulary.COLUMNS[name])


def discount_beside(found: EntityGuess) -> str | None:
    """A column of the entity's table that nothing uses and whose name or comment speaks of a discount."""
    used = {item.name for item in found.columns.values()}
    for column in found.table.columns:
        text = f"{column.name} {column.comment}".lower()
        if column.name not in used and any(word in text for word in vocabulary.DISCOUNT):
            return column.name
    return None


def _orders_of_lines(lines: SourceTable, entity_of_table: Mapping[str, str]) -> list[EntityGuess]:
    """The orders that a table of lines holds too, as in a star schema or a flat export."""
    if not _has_all("sales_order", lines):
        return []
    entity = ENTITY_BY_NAME["sales_order"]
    columns = _columns(entity, lines, entity_of_table)
    return [EntityGuess(entity, lines, "the table of the lines", columns, None, None, is_distinct=True)]


def _has_all(name: str, table: SourceTable) -> bool:
    """Whether everything that an entity requires can be found in the table."""
    entity = ENTITY_BY_NAME[name]
    found = _columns(entity, table, {})
    return all(column.name in found for column in entity.columns if column.required)


def _table_score(entity: Entity, table: SourceTable) -> tuple[float, str]:
    """By its name or comment; and only where at least half of the required columns can be found in it."""
    score, reason = _likeness(vocabulary.ENTITIES[entity.name], table.name, table.comment)
    required = [column for column in entity.columns if column.required]
    found = _columns(entity, table, {})
    share = sum(column.name in found for column in required) / len(required)
    if share == 1 and len(required) > COLUMNS_THAT_TELL and score < BELIEVABLE:
        return BELIEVABLE, "it has a column for everything that is required"
    return (score * (0.6 + 0.4 * share) if share >= BELIEVABLE else 0.0), reason


def _entity_guess(entity: Entity, table: SourceTable, reason: str, entity_of_table: Mapping[str, str]) -> EntityGuess:
    columns = _columns(entity, table, entity_of_table)
    used = {found.name for found in columns.values()}
    free = [column for column in table.columns if column.name not in used]
    marker = _best(
        [column for column in table.columns if column.family in FITTING[Kind.DATE]], vocabulary.CHANGE_MARKER
    )
    flag = _best(free, vocabulary.DELETION_FLAG)
    return EntityGuess(entity, table, reason, columns, marker, flag)


def _columns(entity: Entity, table: SourceTable, entity_of_table: Mapping[str, str]) -> dict[str, Guess]:
    """The best column for each canonical one, the surest first; a source column stands for one only."""
    scored = [
        (_column_guess(entity, wanted, table, column, entity_of_table), wanted)
        for wanted in entity.columns
        for column in table.columns
        if column.family in FITTING[wanted.kind]
    ]
    order = [column.name for column in table.columns]
    scored.sort(key=lambda item: (-item[0].score, not item[1].required, item[1].name, order.index(item[0].name)))
    found: dict[str, Guess] = {}
    for candidate, wanted in scored:
        taken = candidate.name in {item.name for item in found.values()}
        if candidate.score >= BELIEVABLE and wanted.name not in found and not taken:
            found[wanted.name] = candidate
    return found


def _column_guess(
    entity: Entity, wanted: Column, table: SourceTable, column: SourceColumn, entity_of_table: Mapping[str, str]
) -> Guess:
    known = vocabulary.COLUMNS.get(f"{entity.name}.{wanted.name}") or vocabulary.COLUMNS[wanted.name]
    phrases = (wanted.name.replace("_", " "), *known)
    score, reason = _likeness(phrases, column.name, column.comment)
    referred = table.references.get(column.name)
    if wanted.is_id and referred and wanted.name == f"{_singular_entity(entity_of_table.get(referred, ''))}_id":
        return Guess(column.name, f"references {referred}", max(score, 0.95))
    if wanted.name in entity.key and column.name in table.key and len(entity.key) == len(table.key):
        if len(table.key) == 1:
            return Guess(column.name, f"primary key of {table.name}", max(score, 0.9))
        if wanted.kind is Kind.INTEGER and column.family == "number":
            return Guess(column.name, "a number in the primary key" if score < BELIEVABLE else reason, max(score, 0.55))
    return Guess(column.name, reason, score * (0.95 if column.family == "text" and wanted.kind is not Kind.TEXT else 1))


def _singular_entity(name: str) -> str:
    return {"sales_order": "order", "service_record": "service"}.get(name, name)


def _best(columns: Iterable[SourceColumn], phrases: tuple[str, ...]) -> Guess | None:
    found = [(_likeness(phrases, column.name, column.comment), column.name) for column in columns]
    (score, reason), name = max(found, key=lambda item: item[0][0], default=((0.0, ""), ""))
    return Guess(name, reason, score) if score >= BELIEVABLE + 0.1 else None


def _likeness(phrases: tuple[str, ...], name: str, comment: str) -> tuple[float, str]:
    """How much a name, or the comment on it, is like one of the phrases."""
    by_name = max(_overlap(words(phrase), words(name)) for phrase in phrases)
    by_comment = max((_containment(words(phrase), words(comment)) for phrase in phrases), default=0.0)
    if by_comment > by_name:
        return by_comment, f"its comment: {comment}"
    return (
        by_name,
        "its name"
        if by_name == 1
        else f"its name is near {max(phrases, key=lambda p: _overlap(words(p), words(name)))!r}",
    )


def _overlap(phrase: frozenset[str], found: frozenset[str]) -> float:
    return len(phrase & found) / len(phrase | found) if found else 0.0


def _containment(phrase: frozenset[str], comment: frozenset[str]) -> float:
    """A comment has more words than a name: all of the phrase must be in it, and the shorter it is the better."""
    return 0.55 + 0.4 * len(phrase) / len(comment) if phrase and phrase <= comment else 0.0


@cache
def words(text: str) -> frozenset[str]:
    """The words of a name or comment: lower case, without accents, in the singular, synonyms made one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    plain = _CHINESE.sub(lambda term: f" {vocabulary.CHINESE[term[0]]} ", plain)
    found: set[str] = set()
    for word in _WORD.findall(re.sub(r"^(Dim|Fact|dim_|fact_|tbl_|tbl)", "", plain)):
        found |= {vocabulary.WORDS.get(part, part) for part in _known_parts(word.lower())}
    return frozenset(found)


def _known_parts(word: str) -> list[str]:
    """As it stands if it is known so (`preis`, `wechselkurs`), else in the singular."""
    parts = _parts(word)
    return parts if len(parts) > 1 or word in _known_words() else _parts(_singular(word))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3 else word


def _parts(word: str) -> list[str]:
    """A word that is two known ones written together, apart: `orderdate`, and with German's s: `auftragsdatum`."""
    known = _known_words()
    if word in known:
        return [word]
    for place in range(2, len(word) - 1):
        first, second = word[:place], word[place:]
        if first in known and (second in known or (second[0] == "s" and second[1:] in known)):
            return [first, second if second in known else second[1:]]
    return [word]


@cache
def _known_words() -> frozenset[str]:
    phrases = [*vocabulary.ENTITIES.values(), *vocabulary.COLUMNS.values(), vocabulary.CHANGE_MARKER]
    return frozenset(vocabulary.WORDS) | {word for group in phrases for phrase in group for word in phrase.split()}
