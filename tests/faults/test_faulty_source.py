"""A source that is down, dies, stalls or crawls: nothing of it lands, others do, and the next try lands all once."""

from __future__ import annotations

import re
import time

import psycopg
import pytest

from pipelines.extract import ExtractionError, extract_source
from pipelines.extract.landing import Landing
from pipelines.night import ledger
from tests.faults.conftest import ROWS
from tests.faults.proxy import Proxy
from tests.integration.extracting import text_table

# A source's rows are a megabyte and more on the wire; this much of it comes before the fault.
BYTES_BEFORE = 1_000_000


@pytest.fixture(params=["postgres", "mysql"])
def erp(request):
    return request.getfixturevalue(f"{request.param}_erp")


@pytest.fixture
def proxy(erp, desk):
    with Proxy(erp.url.port) as found:
        desk.source("erp", erp.location(found.port), erp.mapping)
        yield found


def pull(desk):
    return extract_source(desk.settings, desk.engine, "erp", "night")


def nothing_landed(desk) -> bool:
    everything = "landing.customer union all select 1 from landing.product union all select 1 from control.watermark"
    return desk.rows(f"select 1 from {everything}") == []


def lost_and_doubled(desk) -> tuple[int, int]:
    """Against the source's rows: keys that are not there, and rows beyond one a key, versions never superseded too."""
    ((rows, keys),) = desk.rows("select count(*), count(distinct customer_id) from landing.customer")
    history = int(desk.scalar("select count(*) from landing.landing_history"))
    return ROWS - keys, rows - keys + history


def test_a_source_that_is_down_is_named_and_the_others_land(desk, proxy, erp, tmp_path, note_fault):
    proxy.refuse()
    text_table(tmp_path / "data", "customer.csv", "customer_id,customer_name\nC1,One\n")
    desk.source("canonical", str(tmp_path / "data"))
    with pytest.raises(ExtractionError, match=r"^erp(\.customer)?: cannot be read: ") as error:
        pull(desk)
    assert not error.value.is_lasting
    extract_source(desk.settings, desk.engine, "canonical", "night", ["customer"])
    assert desk.landed("customer", "customer_id") == [("C1",)]
    desk.source("erp", erp.location())
    pull(desk)
    desk.run("delete from landing.customer where source_system = 'canonical'")
    lost, doubled = lost_and_doubled(desk)
    note_fault("F17", f"{erp.kind} source down at the start", 1, 1, lost, doubled)
    assert (lost, doubled) == (0, 0)


def test_a_source_that_dies_in_the_middle_lands_nothing_then_all(desk, proxy, erp, note_fault):
    proxy.cut_after = BYTES_BEFORE
    with pytest.raises(ExtractionError) as error:
        pull(desk)
    assert not error.value.is_lasting
    assert proxy.forwarded > BYTES_BEFORE, "the fault struck in the middle"
    assert nothing_landed(desk)
    proxy.cut_after = None
    assert [result.rows_landed for result in pull(desk)] == [ROWS, 10]
    note_fault("F17", f"{erp.kind} source dies in the middle of a pull", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_that_comes_back_at_the_third_try_loses_nothing(desk, proxy, erp, note_fault):
    tries = 0
    for bytes_before in (10_000, BYTES_BEFORE, None):
        proxy.forwarded, proxy.cut_after = 0, bytes_before
        tries += 1
        try:
            pull(desk)
        except ExtractionError as error:
            assert not error.is_lasting
            assert nothing_landed(desk)
    assert tries == 3
    note_fault("F17", f"{erp.kind} source back after two retries", 3, 3, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_that_stalls_is_given_up_in_time_and_let_go_of(desk, proxy, erp, note_fault):
    desk.settings.source_stall_seconds = 2
    proxy.stall_after = BYTES_BEFORE
    started = time.monotonic()
    with pytest.raises(ExtractionError, match=r"^erp: nothing came for 2 s \(source_stall_seconds\)") as error:
        pull(desk)
    assert time.monotonic() - started < 20
    assert not error.value.is_lasting
    assert nothing_landed(desk)
    proxy.cut()
    proxy.stall_after = None
    pull(desk)
    note_fault("F19", f"{erp.kind} source stalls", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_that_crawls_is_given_up_at_its_time_out(desk, proxy, erp, note_fault):
    desk.settings.source_timeout_minutes = 3 / 60
    proxy.bytes_a_second = 200_000
    with pytest.raises(ExtractionError, match="it was not read within"):
        pull(desk)
    assert nothing_landed(desk)
    proxy.bytes_a_second = None
    proxy.cut()
    desk.settings.source_timeout_minutes = 50
    pull(desk)
    note_fault("F19", f"{erp.kind} source slower than its time-out", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_whose_server_ends_the_session_lands_nothing_then_all(desk, postgres_erp, monkeypatch, note_fault):
    desk.source("erp", postgres_erp.location(), postgres_erp.mapping)
    original = Landing.read

    def read(landing, reader, source):
        original(landing, reader, source)
        with psycopg.connect(postgres_erp.location(), autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cvp-extract'"
            )

    monkeypatch.setattr(Landing, "read", read)
    with pytest.raises(ExtractionError) as error:
        pull(desk)
    assert not error.value.is_lasting
    assert nothing_landed(desk)
    monkeypatch.undo()
    pull(desk)
    note_fault("F17", "postgres source ends the session", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_without_a_free_connection_is_named_and_read_later(desk, server, postgres_erp, note_fault):
    desk.source("erp", postgres_erp.location(), postgres_erp.mapping)
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as admin:
        admin.execute("alter database faulty_erp connection limit 1")
        try:
            with psycopg.connect(postgres_erp.location()):
                with pytest.raises(ExtractionError, match="too many connections") as error:
                    pull(desk)
                assert not error.value.is_lasting
        finally:
            admin.execute("alter database faulty_erp connection limit -1")
    pull(desk)
    note_fault("F29", "postgres source without a free connection", 1, 1, *lost_and_doubled(desk))
    assert lost_and_doubled(desk) == (0, 0)


def test_a_source_that_fails_for_good_fails_the_night_by_its_name(desk, proxy, note_fault):
    proxy.refuse()
    desk.run(
        "insert into control.night (is_current, run_id, as_of_date, source_systems, company_time_zone,"
        " reporting_currency, active_window_months, capital_cost_rate, tier_scheme, churn_horizon_days,"
        " churn_high_odds, churn_medium_odds) values (true, 'night', '2024-01-31', '{erp}', 'Asia/Shanghai', 'CNY',"
        " 24, 0, 'three_tier', 180, 4, 2) on conflict (is_current) do update set run_id = 'night'"
    )
    with pytest.raises(ExtractionError), ledger.step(desk.engine, "night", "extract_source[erp]"):
        pull(desk)
    assert ledger.finish_run(desk.engine, "night") == "failed"
    ((status, step, message),) = desk.rows("select status, failed_step, message from published.run")
    assert (status, step) == ("failed", "extract_source[erp]")
    assert re.match(r"ExtractionError: erp(\.customer)?: cannot be read: ", message)
    note_fault("F18", "one of several sources fails for good", 1, 1)
