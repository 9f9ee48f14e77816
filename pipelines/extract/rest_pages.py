"""Reads a paged list whole, although it may change under way: nothing lost, nothing doubled, or a clear failure.

What can be known depends on the style of paging:

- `page` cannot see rows shift from page to page, so the whole list is read twice: where both passes list the same keys,
  the list was just so at the moment between them. Otherwise it is read again.
- `offset` asks for the last record of each page once more with the next one; where another record comes, rows have
  shifted, and it is read again.
- `cursor` and `link` continue after a record, whatever happens before it. The same record twice is taken once.

In every style what was read must lie within the totals that the server named meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

from pipelines.extract.rest_client import Answer, RestClient
from pipelines.sources.mapping import PagingStyle, RestSource

PASSES = 4
# Enough to see whether paging works, and few enough for an API that counts requests.
PAGES_SAMPLED = 20
Record = dict[str, Any]


class _Shifted(Exception):
    """The list changed under way."""


class _OtherTotal(_Shifted):
    """The list is not as long as the server says: digest of its keys, how many they are, the last total named."""


class PagedList:
    """One endpoint's list. `key_of` gives a record's identity; rows are handed over page by page to `take`."""

    def __init__(
        self, client: RestClient, path: str, form: RestSource, parameters: dict[str, str], key: Sequence[str]
    ) -> None:
        self.client, self.path, self.form, self.parameters, self.key = client, path, form, parameters, key

    def first_page(self) -> tuple[list[Record], Answer]:
        """The first page's records and the answer they came in."""
        answer = self.client.get(self.path, self.parameters | self._position(self.form.paging.first))
        return self._records(answer), answer

    def total_of(self, answer: Answer) -> int | None:
        """The number of records that the server names."""
        if self.form.total is None:
            return None
        found = at_path(answer.document, self.form.total)
        if not str(found).isdigit():
            raise ValueError(
                f"{self.path} names no number of records at {self.form.total}: mend `total` of the mapping"
            )
        return int(str(found))

    def read(self, begin: Callable[[], None], take: Callable[[Sequence[Record]], None]) -> None:
        """Read all records; `begin` is called before each pass: what was taken before it is void.

        Raises:
            OSError: the list changed under way in every pass, or never was as long as the server says.
        """
        seen_before: bytes | None = None
        shifts: list[tuple[object, ...]] = []
        for number in range(PASSES):
            begin()
            try:
                with closing(_Known()) as known:
                    pages, seen = self._one_pass(self._pages(), take, known, number + 1 == PASSES)
            except _Shifted as shifted:
                shifts.append(shifted.args)
                seen_before = None
                continue
            if self.form.paging.style is not PagingStyle.PAGE or pages <= 1 or seen == seen_before:
                return
            seen_before = seen
        if len(shifts) == PASSES and len(set(shifts)) == 1 and shifts[0]:
            raise OSError(self._unlike_its_total(*shifts[0][1:]))
        raise self._never_still()

    def sample(self, rows: int) -> list[Record]:
        """The first so many records, fewer where PAGES_SAMPLED pages hold fewer; raises as `read` does.

        Raises:
            ValueError: the list ends before the total that the server names: it is paged otherwise.
        """
        for _ in range(PASSES):
            try:
                return self._beginning(rows)
            except _Shifted:
                continue
        raise self._never_still()

    def _beginning(self, rows: int) -> list[Record]:
        found: list[Record] = []
        total: int | None = None
        for number, (records, answer) in enumerate(self._pages(), 1):
            found += records
            total = self.total_of(answer)
            if len(found) >= rows or number == PAGES_SAMPLED:
                return found[:rows]
        if total is not None and len(found) < total:
            raise ValueError(self._unlike_its_total(len(found), total))
        return found

    def _unlike_its_total(self, count: object, total: object) -> str:
        return (
            f"{self.path} ends after {count} of the {total} records that it names: mend `paging` (style, next) or"
            " `total` of the mapping"
        )

    def _pages(self) -> Iterator[tuple[list[Record], Answer]]:
        styles = {
            PagingStyle.PAGE: self._by_page, PagingStyle.OFFSET: self._by_offset, PagingStyle.CURSOR: self._by_cursor,
            PagingStyle.LINK: self._by_link, PagingStyle.NONE: self._at_once,
        }  # fmt: skip
        return styles[self.form.paging.style]()

    def _never_still(self) -> OSError:
        return OSError(
            f"{self.path} changed while it was read, {PASSES} times in a row: read it at a quieter hour, or let the API"
            " page by cursor"
        )

    def _one_pass(
        self,
        pages: Iterator[tuple[list[Record], Answer]],
        take: Callable[[Sequence[Record]], None],
        known: _Known,
        is_last: bool,
    ) -> tuple[int, bytes]:
        """Hand over one pass's records, identical copies once; how many pages had any, and a digest of all keys.

        Two different records of one key mean that it changed under way, or in the last pass that the source is so: both
        are handed over, and landing sets both aside.
        """
        digest, count, filled = hashlib.sha256(), 0, 0
        totals: set[int] = set()
        for records, answer in pages:
            totals |= {total} if (total := self.total_of(answer)) is not None else set()
            fresh = []
            for record in records:
                key, content = _hash(self._identity(record)), _hash(record)
                before = known.exchange(key, content)
                if before is not None and self.form.paging.style is not PagingStyle.NONE:
                    if before == content:
                        continue
                    if not is_last:
                        raise _Shifted
                digest.update(key)
                fresh.append(record)
            count += len(fresh)
            filled += bool(records)
            take(fresh)
        if totals and not min(totals) <= count <= max(totals):
            raise _OtherTotal(digest.digest(), count, max(totals))
        return filled, digest.digest()

    def _by_page(self) -> Iterator[tuple[list[Record], Answer]]:
        number, before = self.form.paging.first, None
        while True:
            answer = self.client.get(self.path, self.parameters | self._position(number))
            records = self._records(answer)
            if records and records == before:
                raise self._ignored()
            yield records, answer
            # A server may send fewer than asked for: only an empty page is the end.
            if not records:
                return
            number, before = number + 1, records

    def _by_offset(self) -> Iterator[tuple[list[Record], Answer]]:
        # Where the last record read stands.
        offset, last = self.form.paging.first, None
        before: list[Record] = []
        while True:
            answer = self.client.get(self.path, self.parameters | self._position(offset))
            records = self._records(answer)
            if len(records) > 1 and records == before:
                raise self._ignored()
            before = records
            if last is not None:
                if not records or self._identity(records[0]) != self._identity(last):
                    raise _Shifted
                records = records[1:]
                if not records:
                    # The end; or a server that sends one record at a time, which the one asked for again fills.
                    answer = self.client.get(self.path, self.parameters | self._position(offset + 1))
                    records = self._records(answer)
            yield records, answer
            if not records:
                return
            offset += len(records) - (1 if last is None else 0)
            last = records[-1]

    def _by_cursor(self) -> Iterator[tuple[list[Record], Answer]]:
        cursor: str | None = None
        used: set[str] = set()
        while True:
            position = {self.form.paging.parameter: cursor} if cursor else {}
            answer = self.client.get(self.path, self.parameters | self._size() | position)
            yield self._records(answer), answer
            found = at_path(answer.document, self.form.paging.next or "")
            if found in (None, "", False):
                return
            cursor = str(found)
            if cursor in used:
                raise ValueError(f"{self.path} gives the same cursor again: mend paging.parameter of the mapping")
            used.add(cursor)

    def _by_link(self) -> Iterator[tuple[list[Record], Answer]]:
        link: str | None = None
        used: set[str] = set()
        while True:
            first = self.parameters | self._size()
            answer = self.client.follow(link) if link else self.client.get(self.path, first)
            yield self._records(answer), answer
            named = at_path(answer.document, self.form.paging.next) if self.form.paging.next else answer.next_link
            if named in (None, "", False):
                return
            link = str(named)
            if link in used:
                raise ValueError(f"{self.path} gives the same next page again")
            used.add(link)

    def _at_once(self) -> Iterator[tuple[list[Record], Answer]]:
        answer = self.client.get(self.path, self.parameters)
        yield self._records(answer), answer

    def _ignored(self) -> ValueError:
        return ValueError(f"{self.path} gives the same page again: mend paging.parameter of the mapping")

    def _position(self, place: int) -> dict[str, str]:
        counted = self.form.paging.style in (PagingStyle.PAGE, PagingStyle.OFFSET)
        return self._size() | ({self.form.paging.parameter: str(place)} if counted else {})

    def _size(self) -> dict[str, str]:
        paging = self.form.paging
        return {paging.size_parameter: str(paging.size)} if paging.size_parameter else {}

    def _identity(self, record: Record) -> list[Any] | Record:
        return [at_path(record, name) for name in self.key] or record

    def _records(self, answer: Answer) -> list[Record]:
        place = self.form.records
        found = at_path(answer.document, place) if place else answer.document
        if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
            there = ", ".join(answer.document) if isinstance(answer.document, dict) else "no object"
            where = f"at {place!r}" if place else "as its answer"
            raise ValueError(f"{self.path} has no list of records {where} ({there}): mend `records` of the mapping")
        return found


class _Known:
    """The records of a pass, key -> content: on disk beyond a few megabytes, however many they are."""

    def __init__(self) -> None:
        self._records = sqlite3.connect("", isolation_level=None)
        self._records.execute("pragma journal_mode = off")
        self._records.execute("create table known (key blob primary key, content blob) without rowid")

    def close(self) -> None:
        self._records.close()

    def exchange(self, key: bytes, content: bytes) -> bytes | None:
        """What was known of the key, and from now on `content` is."""
        found = self._records.execute("select content from known where key = ?", [key]).fetchone()
        if found is None or found[0] != content:
            self._records.execute("insert or replace into known values (?, ?)", [key, content])
        return None if found is None else found[0]


def at_path(document: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none. A name that holds dots itself is found first."""
    if isinstance(document, dict) and path in document:
        return document[path]
    first, _, rest = path.partition(".")
    if not rest or not isinstance(document, dict) or first not in document:
        return None
    return at_path(document[first], rest)


def _hash(value: Any) -> bytes:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).digest()
