"""SQL of a mapping file: what stays inside the statement around it, and what would leave it."""

from __future__ import annotations

import pytest

from pipelines.sources.statement_text import fault_in


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "select a from b where c in (select d from e)",
        "a = ';' and b = ')('",
        "a = 'it''s;' and \"x;y)\" = 1",
        "a = 1 -- ; and ( to the end",
        "a /* ;( */ = 1",
        "a = $$;)$$ and b = $x$ $$ ; $x$",
        "a = E'it\\'s ;'",
        "m['k;'][1] = {'a': 1}",
    ],
)
def test_whole_sql_is_in_order(sql):
    assert fault_in(sql) is None


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("a = 1; drop schema sd", "semicolon"),
        ("a = 'x' ; ", "semicolon"),
        ("a) ; drop schema sd; select (1", "was never opened"),
        ("(a]", "was never opened"),
        ("((a)", "never closed: ) is missing"),
        ("a = 'x", "never closed"),
        ('a = "x', "never closed"),
        ("a /* x", "never closed"),
        ("$x$ a $$", "never closed"),
        ("a = 'x\\'; drop schema sd; --'", "semicolon"),
    ],
)
def test_what_could_leave_its_statement_is_named(sql, fault):
    assert fault in fault_in(sql)


def test_a_backslash_hides_a_quote_only_where_the_database_says_so():
    hidden = "a = 'x\\'; drop table t; #'"
    assert fault_in(hidden, backslash_escapes=True) is None
    assert "semicolon" in fault_in(hidden)
    assert "never closed" in fault_in("a = 'x\\'", backslash_escapes=True)
    assert fault_in("a = 1 # ; (", backslash_escapes=True) is None
