"""What the terminal says of a night's rows, and of how many there are of anything."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from rich.console import Console

from pipelines.cli import render
from pipelines.night.summary import RunReport


def said_of(**counts: int) -> str:
    counted = dict.fromkeys(("rows_read", "rows_landed", "rows_unchanged", "rows_rejected", "rows_deleted"), 0) | counts
    at = datetime(2024, 1, 31, tzinfo=UTC)
    report = RunReport(
        run_id="n", as_of_date=date(2024, 1, 31), status="published", started_at=at, finished_at=at, failed_step=None,
        message=None, tier_basis="margin_and_volume", source_systems=["erp"], steps=[],
        extractions=[SimpleNamespace(**counted)], checks=[],
    )  # fmt: skip
    console = Console(width=200)
    with console.capture() as captured:
        render._gates(console, report)
    return captured.get().splitlines()[-1]


def test_a_night_says_where_the_rows_set_aside_can_be_read_and_what_is_gone():
    assert (
        said_of(rows_read=5, rows_landed=2, rows_unchanged=3) == "rows: 5 read = 2 landed + 3 unchanged + 0 set aside"
    )
    assert said_of(rows_read=1200, rows_unchanged=1198, rows_rejected=2, rows_deleted=1) == (
        "rows: 1,200 read = 0 landed + 1,198 unchanged + 2 set aside (why: `cvp rejects`); 1 row gone at the source"
    )


@pytest.mark.parametrize(("number", "told"), [(0, "0 rows"), (1, "1 row"), (1200, "1,200 rows")])
def test_one_is_told_from_many(number, told):
    assert render.counted(number, "row") == told
