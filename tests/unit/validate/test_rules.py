"""Every rule of the gates says what it wants and why, in one place."""

import re

import pytest

from expectations import candidates, landing
from expectations.table import README, table

SUITES = landing.SUITES + candidates.SUITES
RULES = [(suite, rule) for suite in SUITES for rule in suite.rules]


def test_the_readme_tables_the_rules_as_they_are():
    assert README.read_text(encoding="utf-8") == table(), "run `python -m expectations.table`"


@pytest.mark.parametrize(("suite", "rule"), RULES, ids=[rule.name for _, rule in RULES])
def test_a_rule_is_named_reasoned_and_curable(suite, rule):
    assert re.fullmatch(r"[a-z0-9_]+", rule.name)
    assert len(rule.reason.split()) > 8
    assert rule.expected
    assert rule.cure
    assert f"{suite.schema}.{suite.table}" in rule.unexpected_rows


@pytest.mark.parametrize(("suite", "rule"), RULES, ids=[rule.name for _, rule in RULES])
def test_a_rule_s_sql_says_what_one_row_is_and_selects_no_star(suite, rule):
    sql = rule.unexpected_rows.strip()
    assert sql.startswith("-- one row")
    assert not re.search(r"select\s+\*|\bnow\(\)|current_date", sql)
    assert sql == sql.lower() or "$" in sql


@pytest.mark.parametrize(("suite", "rule"), RULES, ids=[rule.name for _, rule in RULES])
def test_a_rule_that_may_return_many_rows_orders_them(suite, rule):
    """Only the first are kept: the same night twice must name the same."""
    sql = rule.unexpected_rows.strip()
    assert sql.startswith("-- one row: the night") or re.search(r"\n\s*order by [a-z_, ]+$", sql)
