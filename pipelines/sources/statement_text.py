"""A look at a mapping file's SQL: one whole expression or select, which cannot end the statement around it.

It is put inside a statement of ours. Quotes, comments and brackets that are closed, and no semicolon outside them, mean
that it stays where it was put. What it may do there is the database's to say: it runs read-only.
"""

from __future__ import annotations

import re

_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z_0-9]*)?\$")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def fault_in(sql: str, backslash_escapes: bool = False) -> str | None:
    """What is wrong with the text, or None. `backslash_escapes`: the database reads `\\'` as a quote inside a text."""
    open_brackets: list[str] = []
    place = 0
    while place < len(sql):
        character = sql[place]
        end = _skipped(sql, place, backslash_escapes)
        if end is None:
            return f"a quote or comment that opens at {_shown(sql, place)} is never closed"
        if end > place:
            place = end
            continue
        if character == ";":
            return "it holds a semicolon: give one expression or select, without it"
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif character in _CLOSING.values() and (not open_brackets or open_brackets.pop() != character):
            return f"the bracket at {_shown(sql, place)} was never opened"
        place += 1
    return f"a bracket is never closed: {open_brackets[-1]} is missing" if open_brackets else None


def _skipped(sql: str, place: int, backslash_escapes: bool) -> int | None:
    """The end of the quote or comment that begins here, `place` where none does, None where it does not end."""
    character = sql[place]
    if character in "'\"`":
        before = sql[place - 1 : place].lower()
        escapes = character != "`" and (backslash_escapes or (character == "'" and before == "e"))
        return _end_of_quote(sql, place, escapes)
    if sql.startswith("--", place) or (character == "#" and backslash_escapes):
        end = sql.find("\n", place)
        return len(sql) if end < 0 else end + 1
    if sql.startswith("/*", place):
        return _after(sql, "*/", place + 2)
    dollar = _DOLLAR.match(sql, place)
    if dollar and not backslash_escapes:
        return _after(sql, dollar[0], dollar.end())
    return place


def _end_of_quote(sql: str, place: int, backslash_escapes: bool) -> int | None:
    quote, place = sql[place], place + 1
    while place < len(sql):
        if backslash_escapes and sql[place] == "\\":
            place += 2
        elif sql[place] == quote:
            if sql[place + 1 : place + 2] != quote:
                return place + 1
            place += 2
        else:
            place += 1
    return None


def _after(sql: str, text: str, place: int) -> int | None:
    end = sql.find(text, place)
    return None if end < 0 else end + len(text)


def _shown(sql: str, place: int) -> str:
    return repr(sql[place : place + 20])
