"""What goes wrong at extraction, said so that a reader knows where to look and what to do."""

from __future__ import annotations

import re

import duckdb

_SECRET = re.compile(
    r"""(passw(?:or)?d\s*=\s*)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)|(://[^:/@\s]*:)[^@\s]*(@)""", re.IGNORECASE
)

# What a database quotes of a row when it cannot convert it: `... for type integer: "Li Wei"`, `string 'Li Wei'`.
_VALUE = re.compile(r"""((?:string|value|:) )(["']).*\2""")
# What the engine's client of MySQL says of a connection, and what to do, which its words do not show.
_MYSQL_CURES = {
    "(using password: YES)": "the user or the password is wrong, or a MySQL without TLS needs `?ssl_mode=disabled`",
    "TLS/SSL error: ": "`ssl_mode=required` wants a certificate in the name of the URL's host, by `ssl_ca`'s authority",
}
_MYSQL_SAID = re.compile(r'MySQL query ".*":[ \n]+(\S[^\n]*)', re.DOTALL)
_DATABASE_SAID = re.compile(r"ERROR: +(.*)")
# The statement is quoted as it is, with its own quotes and lines; so may be what the reason is near.
_SQLITE_SAID = re.compile(r'Failed to prepare query ".*": (near "[^\n]*": [^\n]+)', re.DOTALL)
_SQLITE_SAID_PLAINLY = re.compile(r'Failed to prepare query ".*": ([^\n]+)', re.DOTALL)


class ExtractionError(Exception):
    """An entity could not be extracted, or too much of it was set aside. Names source, entity and cure.

    `is_lasting`: trying again does not help before somebody mends something; False for what a server or network said.
    """

    def __init__(self, source: str, entity: str | None, message: str, is_lasting: bool = True) -> None:
        self.source = source
        self.entity = entity
        self.is_lasting = is_lasting
        super().__init__(f"{source}.{entity}: {message}" if entity else f"{source}: {message}")


class AbsentRelation(Exception):
    """The table or file of an entity does not exist in the source; the message names it."""


def without_secrets(text: str) -> str:
    """The text with passwords of connection strings and URLs blotted out."""
    return _SECRET.sub(lambda match: f"{match[1] or match[3]}***{match[4] or ''}", text)


_MIXED_LINE_ENDS = "CSV Parser state machine reached an invalid state"


def said(error: Exception) -> str:
    """What an engine's or a driver's error says, in one line, without secrets and without values of rows."""
    text = str(error).strip()
    deeper = _sqlite_said(text) or _DATABASE_SAID.search(text) or _MYSQL_SAID.search(text)
    if text and text.endswith('":') and "MySQL query" in text:
        # It gives no reason where the server ends a statement among its rows.
        text = (
            "the server ended the statement and gives no reason: it took longer than source_statement_seconds, was"
            " stopped there, or its SQL fails at one of the rows (run it there by hand)"
        )
    if _MIXED_LINE_ENDS in text:
        text = "a CSV file's lines do not all end alike (as the first does): write it with one kind of line end"
    if isinstance(error, duckdb.OutOfMemoryException):
        text = "its rows are too wide for the memory of the engine: raise extract_memory_mb, or map fewer long texts"
    line = deeper[1] if deeper else text.splitlines()[0] if text else type(error).__name__
    if "Failed to connect to MySQL" in line:
        line += "".join(f" ({cure})" for sign, cure in _MYSQL_CURES.items() if sign in line)
    return _VALUE.sub(r"\1...", without_secrets(line))


def _sqlite_said(text: str) -> re.Match[str] | None:
    # Behind the reason the engine shows its own statement, which holds the source's once more.
    before = text.rpartition("\n\nLINE ")[0] or text
    return _SQLITE_SAID.match(before) or _SQLITE_SAID_PLAINLY.match(before)
