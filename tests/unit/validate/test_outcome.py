"""An outcome's words: counts and keys, what stops the night, what an operator reads."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from expectations.rule import Rule, Severity
from pipelines.validate.outcome import GateError, GateFailed, RuleOutcome, checked, raise_for

RULE = Rule("no_gap", Severity.FAIL, date(2026, 11, 22), "no gap", "gaps hurt", "close it", "select 1")
WARN = replace(RULE, severity=Severity.WARN)
DOCS = Path("index.html")


def test_nothing_unexpected_passes():
    outcome = checked("a.b", RULE, 0, [])
    assert (outcome.passed, outcome.stops, outcome.observed) == (True, False, "as expected")


def test_one_row_is_named_in_the_singular():
    assert checked("a.b", RULE, 1, [{"customer_id": "C1"}]).observed == "1 row: customer_id C1"


def test_rows_are_named_in_the_order_of_the_rule_s_query():
    rows = [{"customer_id": "C1"}, {"customer_id": "C2"}]
    assert checked("a.b", RULE, 2, rows).observed == "2 rows: customer_id C1; customer_id C2"


def test_row_count_counts_the_rows_behind_a_row():
    rows = [{"source": "s", "row_count": Decimal(1500), "ids": ["a", "b"]}, {"source": "t", "row_count": 2, "ids": []}]
    assert checked("a.b", RULE, 2, rows).observed == "1,502 rows: source s, ids a b; source t, ids ; ..."


def test_a_count_over_the_first_rows_only_says_so():
    rows = [{"currency": "USD", "row_count": 3}, {"currency": "EUR", "row_count": 4}]
    assert checked("a.b", RULE, 3, rows).observed == "at least 7 rows: currency USD; currency EUR; ..."


@pytest.mark.parametrize(("rows", "shown", "more"), [(19, 19, False), (20, 20, False), (21, 20, True)])
def test_at_most_twenty_rows_are_named(rows, shown, more):
    outcome = checked("a.b", RULE, rows, [{"id": f"{number:02}"} for number in range(rows)])
    assert outcome.rows == rows
    assert len(outcome.examples) == shown
    assert outcome.observed.endswith("; ...") is more


def test_only_a_broken_fail_rule_and_an_unchecked_rule_stop_the_night():
    assert checked("a.b", RULE, 1, [{"id": "1"}]).stops
    assert not checked("a.b", WARN, 1, [{"id": "1"}]).stops
    assert RuleOutcome("a.b", WARN, error="no such column").stops


def test_the_message_names_rule_dataset_rows_expectation_cure_and_report():
    with pytest.raises(GateFailed) as stopped:
        raise_for("landing", [checked("a.b", RULE, 1, [{"id": "1"}]), checked("a.b", WARN, 1, [{"id": "2"}])], DOCS)
    assert str(stopped.value) == (
        "gate landing: stopped the night; the last publication stands\n"
        "  no_gap (a.b): 1 row: id 1\n"
        "    expected: no gap\n"
        "    cure: close it\n"
        "  report: index.html"
    )


def test_an_unchecked_rule_is_an_error_and_no_failure_of_the_data():
    with pytest.raises(GateError, match="could not be checked"):
        raise_for("landing", [RuleOutcome("a.b", RULE, error="timeout")], DOCS)


def test_warnings_alone_raise_nothing():
    raise_for("landing", [checked("a.b", WARN, 1, [{"id": "2"}])], DOCS)
