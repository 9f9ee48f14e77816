"""A REST API as a source, served for real: paging of every style, rate limit, failures, pages that change under way."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal

import pytest

from pipelines.connect.check import check_source
from pipelines.connect.findings import Severity
from pipelines.extract import ExtractionError, rest_client
from tests.api_server import serve
from tests.integration.extracting import desk_for

STYLES = {
    "page": "{style: page, parameter: page, size_parameter: size, size: 10}",
    "offset": "{style: offset, parameter: offset, size_parameter: size, size: 10}",
    "cursor": "{style: cursor, parameter: after, next: meta.next, size_parameter: size, size: 10}",
    "link": "{style: link, next: meta.link, size_parameter: size, size: 10}",
}
MAPPING = """
    kind: rest
    time_zone: UTC
    rest:
      records: data.items
      paging: {paging}
      {total}
      since_parameter: since
    entities:
      customer:
        table: {path}
        {marker}
        columns: {{customer_id: id, customer_name: name, region: address.country, credit_limit: limit}}
"""
TOTAL = "total: meta.total"
MARKER = "change_marker: {column: changed, type: timestamp, overlap_minutes: 0}"


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def api(desk, monkeypatch):
    """The API with 35 customers, placed as the source `erp`."""
    monkeypatch.setattr(rest_client, "FIRST_WAIT_SECONDS", 0.01)
    with serve() as served:
        served.records = [record(number) for number in range(100, 135)]
        yield served


def record(number: int, **fields: object) -> str:
    given = {"id": number, "name": f"N{number}", "address": {"country": "CN", "city": None}, "limit": 1,
             "changed": "2024-01-31T10:00:00Z", **fields}  # fmt: skip
    return json.dumps(given)


def place(
    desk, api, style: str = "page", marker: str = "", total: str = "total: meta.total", path: str = "items"
) -> None:
    text = MAPPING.format(paging=STYLES.get(style, "{style: none}"), marker=marker, total=total, path=path)
    desk.source("erp", api.url, text)


def ids(desk) -> list[str]:
    return [row[0] for row in desk.landed("customer", "customer_id")]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_lands_every_record(desk, api, style):
    place(desk, api, style)
    assert (desk.extract("erp", "customer").rows_landed, len(ids(desk))) == (35, 35)


def test_numbers_arrive_as_they_are_written_and_fields_that_lie_deeper_by_their_path(desk, api):
    exact = ["9007199254740993.000000001", "0.1", "1e-20", "12345678901234567890123456789.5", "19.90", "1E3", "2.0"]
    api.records = [record(100 + n).replace('"limit": 1', f'"limit": {text}') for n, text in enumerate(exact)]
    api.records += [record(200, limit="n/a"), record(201, limit=None), record(17850).replace("17850,", "17850.0,")]
    place(desk, api)
    desk.extract("erp", "customer")
    landed = desk.landed("customer", "customer_id, credit_limit, region")
    assert [row[1] for row in landed if row[0] < "17"] == [Decimal(text) for text in exact]
    assert ("17850", Decimal(1), "CN") in landed
    assert ("201", None, "CN") in landed
    assert desk.rejected() == [("200", "credit_limit is no number")]


def test_a_rate_limit_is_waited_for_and_failures_are_tried_again(desk, api):
    place(desk, api)
    api.stumbles = [(429, {"Retry-After": "0"}), (500, {}), (503, {"Retry-After": "0"}), (502, {})]
    assert desk.extract("erp", "customer").rows_landed == 35
    assert api.stumbles == []


def test_a_server_that_does_not_recover_fails_the_pull_for_now_and_leaves_nothing(desk, api):
    place(desk, api)
    api.stumbles = [(500, {})] * rest_client.ATTEMPTS
    with pytest.raises(
        ExtractionError, match=r"erp\.customer: .*/api/items fails after 6 tries: it answers 500"
    ) as error:
        desk.extract("erp", "customer")
    assert not error.value.is_lasting
    assert desk.scalar("select count(*) from landing.customer") == 0


def test_a_list_that_takes_longer_than_a_server_may_be_silent_is_read_on(desk, api):
    place(desk, api)
    desk.settings.source_stall_seconds = 1
    api.between = lambda answered: time.sleep(0.2)
    assert desk.extract("erp", "customer").rows_landed == 35
    assert api.answered * 0.2 > 2


def test_a_wait_that_no_night_can_bear_is_refused_with_its_length(desk, api):
    place(desk, api)
    api.stumbles = [(429, {"Retry-After": "86400"})]
    with pytest.raises(ExtractionError, match="answers 429 and asks to wait 86400 seconds"):
        desk.extract("erp", "customer")


def test_a_list_that_never_stands_still_is_refused_and_nothing_lands(desk, api):
    place(desk, api)
    api.records = [record(number) for number in range(100, 400)]
    api.between = lambda answered: api.records.pop(0)
    with pytest.raises(ExtractionError, match="changed while it was read, 4 times in a row: read it at a quieter hour"):
        desk.extract("erp", "customer")
    assert desk.scalar("select count(*) from landing.customer") == 0


def test_identical_copies_of_a_record_are_one_and_different_ones_are_set_aside(desk, api):
    api.records = [record(1), record(2), record(1), record(3), record(3, name="Other")]
    place(desk, api, total="")
    result = desk.extract("erp", "customer")
    assert ids(desk) == ["1", "2"]
    assert desk.rejected() == [("3", "duplicate key"), ("3", "duplicate key")]
    assert result.rows_read == 4


def test_later_pulls_ask_from_the_watermark_on(desk, api):
    place(desk, api, marker=MARKER)
    first = desk.extract("erp", "customer")
    assert first.marker_after == "2024-01-31T10:00:00+00:00"
    api.records[3] = record(103, name="Changed", changed="2024-02-01T10:00:00Z")
    api.records[4] = record(104, name="Too old", changed="2024-01-31T08:59:59Z")
    second = desk.extract("erp", "customer", "second")
    # an hour more than the overlap, for clocks without zone
    assert [asked.get("since") for asked in api.requests if "since" in asked][0] == "2024-01-31T09:00:00Z"
    assert (second.rows_read, second.rows_landed, second.is_full_pull) == (34, 1, False)
    assert second.marker_after == "2024-02-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"path": "nothing"}, r"/api/nothing answers 404 Not Found: mend path or parameters in the mapping"),
        ({"path": "page"}, r"/api/page answers no JSON: mend the base URL or the path"),
        ({"path": "away"}, r"/api/away answers 302"),
    ],
)
def test_what_cannot_be_read_is_named(desk, api, change, fault):
    place(desk, api, **change)
    with pytest.raises(ExtractionError, match=fault):
        desk.extract("erp", "customer")


def test_a_wrong_path_to_the_records_and_a_field_that_never_occurs_are_named(desk, api):
    place(desk, api)
    file = desk.folder / "erp.yml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("records: data.items", "records: data.rows"), "utf-8")
    with pytest.raises(ExtractionError, match=r"items has no list of records at 'data\.rows' \(data, meta\)"):
        desk.extract("erp", "customer")
    file.write_text(text.replace("region: address.country", "region: address.land"), "utf-8")
    with pytest.raises(ExtractionError, match=r"no record of items has the field address\.land \(there are address"):
        desk.extract("erp", "customer")


def test_a_server_that_ignores_the_page_number_is_found_out(desk, api):
    place(desk, api)
    file = desk.folder / "erp.yml"
    file.write_text(file.read_text("utf-8").replace("parameter: page", "parameter: seite"), "utf-8")
    with pytest.raises(ExtractionError, match="gives the same page again: mend paging.parameter of the mapping"):
        desk.extract("erp", "customer")


def test_the_header_comes_from_the_settings_and_goes_to_no_other_host(desk, api, monkeypatch):
    api.token = "Bearer s3cret"  # noqa: S105 - of a server that lives as long as the test
    place(desk, api, "link")
    with pytest.raises(ExtractionError, match=r"answers 401: set this source's header in the settings"):
        desk.extract("erp", "customer")
    monkeypatch.setitem(desk.settings.source_headers, "erp", {"Authorization": api.token})
    assert desk.extract("erp", "customer").rows_landed == 35
    api.answer = lambda query: json.dumps(
        {"data": {"items": []}, "meta": {"link": "http://other.example/x", "total": 0}}
    )
    with pytest.raises(ExtractionError, match=r"the next page lies on another host \(other\.example\)"):
        desk.extract("erp", "customer", "second")


def test_an_api_can_be_checked_before_its_first_night(desk, api):
    api.records[3] = record(103, limit="n/a")
    place(desk, api, marker=MARKER)
    report = check_source(desk.settings, "erp")
    (customer,) = report.entities
    assert (customer.rows, customer.sampled, customer.set_aside) == (35, 35, {"credit_limit is no number": 1})
    assert not report.has_errors
    api.token = "Bearer s3cret"  # noqa: S105 - of a server that lives as long as the test
    (finding,) = check_source(desk.settings, "erp").findings
    assert "erp.customer.table: cannot be read: /api/items answers 401" in str(finding)


@pytest.mark.parametrize(
    ("style", "right", "wrong", "fault"),
    [
        ("page", "parameter: page", "parameter: seite", "gives the same page again: mend paging.parameter"),
        ("offset", "parameter: offset", "parameter: ab", "gives the same page again: mend paging.parameter"),
        ("cursor", "parameter: after", "parameter: danach", "gives the same cursor again: mend paging.parameter"),
        (
            "cursor",
            "next: meta.next",
            "next: meta.more",
            "ends after 10 of the 35 records that it names: mend `paging`",
        ),
        ("link", "next: meta.link", "next: meta.more", "ends after 10 of the 35 records that it names: mend `paging`"),
    ],
)
def test_a_check_finds_that_a_list_is_paged_otherwise(desk, api, style, right, wrong, fault):
    place(desk, api, style)
    assert not check_source(desk.settings, "erp").has_errors
    file = desk.folder / "erp.yml"
    file.write_text(file.read_text("utf-8").replace(right, wrong), "utf-8")
    report = check_source(desk.settings, "erp")
    (error,) = [str(finding) for finding in report.findings if finding.severity is Severity.ERROR]
    assert "erp.yml:" in error
    assert fault in error


def test_a_sample_of_an_api_is_no_larger_than_asked_for_and_takes_few_pages(desk, api):
    api.records = [record(number) for number in range(100, 2000)]
    place(desk, api)
    (customer,) = check_source(desk.settings, "erp").entities
    assert (customer.rows, customer.sampled) == (1900, 200)
    place(desk, api)
    file = desk.folder / "erp.yml"
    file.write_text(file.read_text("utf-8").replace("size: 10", "size: 300"), "utf-8")
    assert check_source(desk.settings, "erp").entities[0].sampled == 1000


def test_dates_and_booleans_and_lists_are_texts(desk, api):
    api.records = ['{"id": "A", "day": "2024-01-31T23:30:00+08:00", "gone": true, "who": {"id": 7}, "tags": [1, "x"]}']
    mapping = """
        kind: rest
        rest: {records: data.items, paging: {style: none}}
        entities:
          sales_order:
            table: items
            columns: {order_id: id, customer_id: who.id, ordered_on: day, is_cancelled: gone, salesperson_id: tags}
    """
    desk.source("erp", api.url, mapping)
    desk.extract("erp", "sales_order")
    assert desk.landed("sales_order", "order_id, customer_id, ordered_on, is_cancelled, salesperson_id") == [
        ("A", "7", date(2024, 1, 31), True, '["1", "x"]')
    ]
