"""A paged list that changes under way, from a real server: nothing lost, nothing doubled, or a clear failure."""

from __future__ import annotations

import json

import pytest

from pipelines.extract.rest_client import RestClient
from pipelines.extract.rest_pages import PASSES, PagedList
from pipelines.sources.mapping import RestSource
from tests.api_server import serve

PAGING = {
    "page": {"style": "page", "parameter": "page"},
    "offset": {"style": "offset", "parameter": "offset"},
    "cursor": {"style": "cursor", "parameter": "after", "next": "meta.next"},
    "link": {"style": "link", "next": "meta.link"},
}


@pytest.fixture
def api():
    with serve() as served:
        served.records = [record(number) for number in range(100, 135)]
        yield served


def record(number: int, name: str = "A") -> str:
    return json.dumps({"id": number, "name": name})


def read(api, style: str, total: str | None = "meta.total", key: tuple[str, ...] = ("id",)) -> list[dict]:
    """All records, as the last pass handed them over."""
    paging = {**PAGING[style], "size_parameter": "size", "size": 10}
    form = RestSource(records="data.items", paging=paging, total=total)
    taken: list[dict] = []
    client = RestClient(api.url, {})
    try:
        PagedList(client, "items", form, {}, key).read(taken.clear, taken.extend)
    finally:
        client.close()
    return taken


def ids(records: list[dict]) -> list[int]:
    return [int(item["id"]) for item in records]


def once(api, at: int, change) -> None:
    """Change the records after so many answers."""
    api.between = lambda answered: change() if answered == at else None


@pytest.mark.parametrize("style", PAGING)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 35])
def test_every_style_reads_every_record_once_at_every_length(api, style, count):
    api.records = api.records[:count]
    assert ids(read(api, style)) == list(range(100, 100 + count))


@pytest.mark.parametrize("style", PAGING)
@pytest.mark.parametrize("cap", [1, 4])
def test_a_server_that_sends_fewer_than_asked_for_loses_nothing(api, style, cap):
    api.cap = cap
    assert ids(read(api, style)) == list(range(100, 135))


@pytest.mark.parametrize("style", PAGING)
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_record_deleted_under_way_costs_no_other(api, style, at):
    """The rows behind it shift forward by one: a naive reader never sees the first of the next page."""
    once(api, at, lambda: api.records.pop(0))
    found = ids(read(api, style))
    assert len(found) == len(set(found))
    assert set(found) >= set(range(101, 135))


@pytest.mark.parametrize("style", PAGING)
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_record_inserted_under_way_doubles_no_other(api, style, at):
    once(api, at, lambda: api.records.insert(0, record(50)))
    found = ids(read(api, style))
    assert len(found) == len(set(found))
    assert set(found) >= set(range(100, 135))


@pytest.mark.parametrize("style", ["page", "offset"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_one_deleted_and_another_added_at_once_hide_no_shift(api, style, at):
    """The total stays the same, so that counting alone would see nothing."""

    def swap() -> None:
        api.records.pop(0)
        api.records.append(record(900))

    once(api, at, swap)
    assert set(ids(read(api, style))) >= set(range(101, 135))


def test_a_naive_reader_loses_a_record_so_the_fault_is_real(api):
    once(api, 2, lambda: api.records.pop(0))
    client = RestClient(api.url, {})
    pages = [client.get("items", {"page": str(number), "size": "10"}).document for number in range(1, 5)]
    client.close()
    seen = {int(item["id"]) for page in pages for item in page["data"]["items"]}
    assert set(range(100, 135)) - seen == {120}


def test_an_update_under_way_is_no_shift(api):
    once(api, 3, lambda: api.records.__setitem__(2, record(102, "New")))
    assert len(read(api, "page")) == 35
    assert api.answered == 2 * 5


@pytest.mark.parametrize("style", ["page", "offset"])
def test_a_list_that_never_stands_still_is_refused(api, style):
    api.records = [record(number) for number in range(100, 400)]
    api.between = lambda answered: api.records.pop(0)
    with pytest.raises(OSError, match=f"items changed while it was read, {PASSES} times in a row"):
        read(api, style)


@pytest.mark.parametrize("style", PAGING)
def test_a_total_that_is_never_what_came_is_told_from_a_change_under_way(api, style):
    api.total_shown = lambda: 36
    with pytest.raises(OSError, match=r"items ends after 35 of the 36 records that it names: mend `paging`"):
        read(api, style)
    api.total_shown = lambda: 36 + api.answered
    with pytest.raises(OSError, match="changed while it was read"):
        read(api, style)


def test_a_growing_list_is_read_by_cursor_however_busy_it_is(api):
    api.between = lambda answered: api.records.insert(0, record(99 - answered))
    assert set(ids(read(api, "cursor"))) >= set(range(100, 135))


def test_different_records_of_one_key_are_both_handed_over_and_identical_ones_once(api):
    api.records = [record(1), record(2), record(1), record(3), record(3, "Other")]
    found = [(item["id"], item["name"]) for item in read(api, "page", total=None)]
    assert found == [("1", "A"), ("2", "A"), ("3", "A"), ("3", "Other")]


def test_without_a_key_the_whole_record_tells_it_from_others(api):
    api.records = [record(1), record(1, "B"), record(1)]
    assert len(read(api, "link", total=None, key=())) == 2


@pytest.mark.parametrize(("style", "name"), [("page", "seite"), ("offset", "ab"), ("cursor", "danach")])
def test_a_server_that_ignores_the_position_is_found_out(api, style, name, monkeypatch):
    monkeypatch.setitem(PAGING, style, {**PAGING[style], "parameter": name})
    with pytest.raises(ValueError, match=r"again: mend paging\.parameter of the mapping"):
        read(api, style, total=None)
