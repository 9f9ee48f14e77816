"""The disk of the machine that extracts is full: said as such, nothing lands, and with room the next try lands all."""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.extract import ExtractionError, extract_source
from tests.api_server import serve
from tests.faults.conftest import ROWS
from tests.faults.small_disk import ROOMY, small_disk

API = """
    kind: rest
    rest: {records: data.items, total: meta.total, paging: {style: page, parameter: page, size_parameter: size}}
    entities:
      customer:
        table: items
        columns: {customer_id: id, customer_name: name, industry: filler}
"""
RECORDS = 5_000


@contextmanager
def full_machine() -> Iterator[tuple[Path, Callable[[], None]]]:
    """A disk of one megabyte, or a process that may write no more in a file; and what makes room."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    with small_disk(1) as disk:
        if not disk.is_mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limit[1]))

        def make_room() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            disk.resize(ROOMY)

        try:
            yield disk.folder, make_room
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def refused(desk, settings) -> None:
    with pytest.raises(ExtractionError, match=r"erp\.customer: this machine's disk has no room for what is ") as error:
        extract_source(settings, desk.engine, "erp", "night")
    assert not error.value.is_lasting
    assert "No space left" in str(error.value) or "File too large" in str(error.value)
    landed = "select 1 from landing.customer union all select 1 from control.watermark"
    assert desk.rows(f"{landed} union all select 1 from landing.landing_rejected") == []


def test_an_api_whose_records_find_no_room_lands_nothing_then_all(desk, note_fault):
    with serve() as api, full_machine() as (home, make_room):
        filler = "x" * 400
        api.records = [json.dumps({"id": n, "name": "N", "filler": filler}) for n in range(RECORDS)]
        desk.source("erp", api.url, API)
        settings = desk.settings.model_copy(update={"home": home})
        refused(desk, settings)
        make_room()
        (result,) = extract_source(settings, desk.engine, "erp", "night")
        assert (result.rows_landed, list(home.glob("tmp/*"))) == (RECORDS, [])
    note_fault("F20", "the extracting machine's disk full, an API's records", 1, 1, RECORDS - result.rows_landed)


def test_rows_set_aside_that_find_no_room_land_nothing_then_all(desk, postgres_erp, monkeypatch, note_fault):
    desk.source(
        "erp", postgres_erp.location(), postgres_erp.mapping.replace("industry: filler", "credit_limit: filler")
    )
    with full_machine() as (folder, make_room):
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        refused(desk, desk.settings)
        make_room()
        customer, product = extract_source(desk.settings, desk.engine, "erp", "night")
        monkeypatch.undo()
    assert (customer.rows_rejected, product.rows_landed) == (ROWS, 10)
    assert desk.scalar("select count(*) from landing.landing_rejected") == ROWS
    note_fault("F20", "the extracting machine's disk full, rows set aside", 1, 1, ROWS - customer.rows_rejected)
