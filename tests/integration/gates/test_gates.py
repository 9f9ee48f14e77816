"""The gates as a night runs them: through Great Expectations, with results stored and a report built."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from expectations import candidates, landing
from pipelines.night.ledger import RunRefused
from pipelines.validate import GateError, GateFailed, validate_candidates, validate_landing
from pipelines.validate.checkpoint import RESULTS_KEPT

RUN_ID = "night-1"
# of the clean night: two entities delivered, three of which rows could wait
SET_ASIDE_COUNTS = 5


def quality(night) -> dict[tuple[str, str], sa.RowMapping]:
    with night.engine.connect() as connection:
        rows = connection.execute(sa.text("select * from control.data_quality order by dataset, check_name")).mappings()
        return {(row["dataset"], row["check_name"]): row for row in rows}


def rules_of(suites) -> int:
    return sum(len(suite.rules) for suite in suites)


def written_text(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file() and "static" not in path.parts]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


def test_clean_gates_pass_and_leave_a_report(night):
    came_in = validate_landing(night.settings, night.engine, RUN_ID)
    goes_out = validate_candidates(night.settings, night.engine, RUN_ID)

    assert (came_in.checks, came_in.warnings) == (rules_of(landing.SUITES), ())
    assert (goes_out.checks, goes_out.warnings) == (rules_of(candidates.SUITES), ())
    report = came_in.docs.read_text(encoding="utf-8")
    assert came_in.docs == goes_out.docs
    pages = {unquote(page) for page in re.findall(r"validations/[^'\"<> ]+\.html", report)}
    assert len(pages) == len(landing.SUITES) + len(candidates.SUITES)
    assert all((came_in.docs.parent / page).is_file() for page in pages)


def test_every_rule_of_both_gates_is_recorded_once_however_often_they_run(night):
    for _ in range(2):
        validate_landing(night.settings, night.engine, RUN_ID)
        validate_candidates(night.settings, night.engine, RUN_ID)
    rows = quality(night)
    assert len(rows) == rules_of(landing.SUITES) + rules_of(candidates.SUITES) + SET_ASIDE_COUNTS
    assert {check for (_, check), row in rows.items() if not row["passed"]} == {
        "rows_keep_to_the_contract",
        "rows_find_what_they_name",
    }


def set_aside(night, check_name: str) -> dict[str, tuple[int, str, bool, str]]:
    return {
        key[0]: (row["rows_set_aside"], row["observed"], row["passed"], row["severity"])
        for key, row in quality(night).items()
        if key[1] == check_name
    }


def test_rows_that_broke_the_contract_are_counted_per_entity_of_the_night_s_sources(night):
    validate_landing(night.settings, night.engine, RUN_ID)
    assert set_aside(night, "rows_keep_to_the_contract") == {
        "landing.sales_order": (1, "1 row", False, "warn"),
        "landing.sales_order_line": (0, "as expected", True, "warn"),
    }


def test_rows_that_wait_for_their_order_or_invoice_are_counted(night):
    validate_candidates(night.settings, night.engine, RUN_ID)
    assert set_aside(night, "rows_find_what_they_name") == {
        "landing.sales_order_line": (0, "as expected", True, "warn"),
        "landing.delivery": (1, "1 row", False, "warn"),
        "landing.payment": (2, "2 rows", False, "warn"),
    }


def test_a_broken_fail_rule_stops_the_night_and_says_which_rows_and_what_to_do(night):
    night.execute("update candidates.customer_tier set value_score = 'NaN' where customer_id in ('C03', 'C07')")
    with pytest.raises(GateFailed) as stopped:
        validate_candidates(night.settings, night.engine, RUN_ID)
    message = str(stopped.value)
    assert "scores_lie_within_0_and_100 (candidates.customer_tier): 2 rows: customer_id C03; customer_id C07" in message
    assert "cure: " in message
    assert "index.html" in message
    row = quality(night)["candidates.customer_tier", "scores_lie_within_0_and_100"]
    assert (row["passed"], row["severity"]) == (False, "fail")


def test_a_missing_exchange_rate_stops_the_night_naming_currency_and_date(night):
    night.execute("insert into intermediate.int_missing_exchange_rate values ('invoice', 'USD', '2026-03-07', 3)")
    with pytest.raises(GateFailed, match=r"3 rows: currency USD, rate_date 2026-03-07"):
        validate_candidates(night.settings, night.engine, RUN_ID)


def test_a_broken_warn_rule_lets_the_night_pass_and_is_recorded(night):
    night.execute("update staging.stg_customer set is_inferred = true where customer_id = 'C12'")
    result = validate_candidates(night.settings, night.engine, RUN_ID)
    assert [outcome.rule.name for outcome in result.warnings] == ["customers_are_in_the_master_data"]
    row = quality(night)["staging.stg_customer", "customers_are_in_the_master_data"]
    assert (row["passed"], row["severity"], row["observed"]) == (False, "warn", "1 row: customer_id C12")


def test_at_most_twenty_rows_are_named_and_all_are_counted(night):
    night.execute(
        "insert into staging.stg_customer"
        " select 'X' || lpad(number::text, 3, '0'), 'nobody', false from generate_series(1, 300) as number"
    )
    with pytest.raises(GateFailed, match=r"300 rows: customer_id X001; .*customer_id X020; \.\.\.") as stopped:
        validate_candidates(night.settings, night.engine, RUN_ID)
    assert "X021" not in str(stopped.value)


def test_a_missing_column_is_an_error_of_ours_and_stops_the_night(night):
    night.execute("alter table candidates.customer_tier rename column churn_probability to probability")
    with pytest.raises(GateError, match="churn_probabilities_lie_within_0_and_1.*not checked.*churn_probability"):
        validate_candidates(night.settings, night.engine, RUN_ID)
    rows = quality(night)
    assert not rows["candidates.customer_tier", "churn_probabilities_lie_within_0_and_1"]["passed"]
    assert rows["candidates.customer_tier", "core_is_not_empty"]["passed"], "the other rules were still checked"


def test_a_missing_table_is_an_error_of_ours_and_stops_the_night(night):
    night.execute("drop table candidates.indicator")
    with pytest.raises(GateError, match="every_weighted_indicator_is_published.*candidates.indicator does not exist"):
        validate_candidates(night.settings, night.engine, RUN_ID)
    assert len(quality(night)) == rules_of(candidates.SUITES) + 3


def test_a_warehouse_that_does_not_answer_is_an_error_of_ours(night, monkeypatch):
    def give_up(*_: object) -> None:
        raise TimeoutError("canceling statement due to statement timeout")

    monkeypatch.setattr("pipelines.validate.checkpoint._check", give_up)
    with pytest.raises(GateError, match="TimeoutError: canceling statement"):
        validate_landing(night.settings, night.engine, RUN_ID)


def test_a_report_that_cannot_be_built_stops_no_night(night, monkeypatch, caplog):
    def give_up(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("great_expectations.data_context.FileDataContext.build_data_docs", give_up)
    assert validate_landing(night.settings, night.engine, RUN_ID).checks == rules_of(landing.SUITES)
    assert "the validation report could not be built" in caplog.text


def test_another_run_s_night_is_refused(night):
    with pytest.raises(RunRefused, match="run night-0 is not the current one"):
        validate_landing(night.settings, night.engine, "night-0")


def test_neither_passwords_nor_raw_values_are_written_anywhere(night):
    night.execute("update candidates.customer_tier set value_score = -123456 where customer_id = 'C03'")
    with pytest.raises(GateFailed) as stopped:
        validate_candidates(night.settings, night.engine, RUN_ID)
    validate_landing(night.settings, night.engine, RUN_ID)
    text = written_text(night.settings.home / "validation") + str(stopped.value) + str(quality(night))
    assert "C03" in text
    for secret in ("Canary", "123456", str(night.engine.url.password)):
        assert secret not in text


def test_the_report_keeps_a_month_of_nights(night, monkeypatch):
    assert RESULTS_KEPT == 30
    monkeypatch.setattr("pipelines.validate.checkpoint.RESULTS_KEPT", 2)
    for _ in range(4):
        result = validate_landing(night.settings, night.engine, RUN_ID)
    stored = list((night.settings.home / "validation" / "gx" / "uncommitted" / "validations").rglob("*.json"))
    pages = list((result.docs.parent / "validations").rglob("*.html"))
    assert len(stored) == len(pages) == 2 * len(landing.SUITES)


def test_no_connection_is_left_behind(night):
    validate_landing(night.settings, night.engine, RUN_ID)
    with night.engine.connect() as connection:
        left = connection.scalar(
            sa.text(
                "select count(*) from pg_stat_activity"
                " where application_name = 'cvp_validate' and datname = current_database()"
            )
        )
    assert left == 0


def test_a_report_that_cannot_be_written_fails_no_night(tmp_path, warehouse, caplog):
    from pipelines.validate.report import write_report

    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "report").write_text("in the way")
    write_report(tmp_path, warehouse.engine)
    assert "could not be written" in caplog.text


def test_the_report_needs_nothing_from_outside_and_escapes_what_it_shows(tmp_path, warehouse):
    from datetime import date

    import sqlalchemy as sa

    from pipelines.validate.report import write_report

    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into control.run (run_id, as_of_date, source_systems, started_at, status)"
                " values ('r<1>', :day, '{a}', now(), 'running')"
            ),
            {"day": date(2026, 6, 30)},
        )
        connection.execute(
            sa.text(
                "insert into control.data_quality values"
                " ('r<1>', 'landing.客户', 'rule', :day, 'fail', 'nothing <b>', '1 row: <script>', false, 0)"
            ),
            {"day": date(2026, 6, 30)},
        )
    foreign = tmp_path / "validation" / "report" / "expectations" / "page.html"
    foreign.parent.mkdir(parents=True)
    foreign.write_text(
        '<p>kept</p><img src="https://else.where/logo.png?id=1"><script src="https://x.y/z.js"></script>'
    )
    page = write_report(tmp_path, warehouse.engine).read_text("utf-8")
    assert "landing.客户" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "://" not in page + foreign.read_text("utf-8")
    assert "kept" in foreign.read_text("utf-8")
