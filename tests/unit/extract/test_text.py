"""Names, literals, secrets and typed columns' text: the small parts on which exactness and safety rest."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from psycopg import conninfo

from pipelines.extract import mysql, postgres
from pipelines.extract.engine import quote_name, quote_text
from pipelines.extract.errors import ExtractionError, said, without_secrets
from pipelines.extract.source import nearest, split_name, text_of


def test_identifiers_and_literals_are_quoted(engine):
    evil = 'a"; drop schema x; --'
    assert quote_name(evil) == '"a""; drop schema x; --"'
    assert engine.execute(f"select {quote_text(chr(39) + evil)} as {quote_name(evil)}").fetchall() == [("'" + evil,)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [("sd.vbak", ["sd", "vbak"]), ("vbak", ["vbak"]), ('"a.b"."c d"', ["a.b", "c d"]), ('x."y.z"', ["x", "y.z"])],
)
def test_a_dotted_name_is_split_but_inside_quotes(name, parts):
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("cast(17850.0 as double)", "17850"),
        ("cast(0.1 as double) + cast(0.2 as double)", "0.30000000000000004"),
        ("cast(0.1 as float)", "0.1"),
        ("cast(1e300 as double)", "1e+300"),
        ("cast('nan' as double)", "nan"),
        ("cast('inf' as double)", "inf"),
        ("cast(-0.0 as double)", "0"),
        ("cast(19.90 as decimal(38, 4))", "19.9000"),
        ("cast(12345678901234567890123456.789012345678 as decimal(38, 12))", "12345678901234567890123456.789012345678"),
        ("timestamp '2024-01-02 03:04:05.123456'", "2024-01-02 03:04:05.123456"),
        ("timestamptz '2024-01-02 03:04:05+08'", "2024-01-01 19:04:05+00"),
        ("cast('infinity' as timestamp)", "infinity"),
        ("true", "true"),
        ("9007199254740993::bigint", "9007199254740993"),
        ("'caf\\xC3\\xA9'::blob", "café"),
        ("'\\xFF'::blob", "0xFF"),
    ],
)
def test_a_typed_value_becomes_its_exact_text(engine, sql, text):
    ((column_type,),) = engine.execute(f"select typeof({sql})").fetchall()
    assert engine.execute(f"select {text_of('c', column_type)} from (select {sql} as c) as t").fetchall() == [(text,)]


@pytest.mark.parametrize("password", ["p@ss w'rd:/%\\\"#?&", "", "a=b", "密码"])
def test_any_password_reaches_the_driver_as_it_is(password):
    url = sa.URL.create("postgresql", "me", password, "host", 5432, "db").render_as_string(hide_password=False)
    assert conninfo.conninfo_to_dict(postgres.connection_string(url)).get("password", "") == password
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    assert not password or f'passwd="{escaped}"' in mysql.connection_string(url)


def test_a_url_may_ask_for_tls_and_for_compression_a_drivers_own_options_are_left_out():
    plain = mysql.connection_string("mysql://u:p@h/db?charset=utf8mb4&ssl_mode=required")
    assert plain.endswith('db="db" compress="0" ssl_mode="required"')
    assert mysql.connection_string("mysql://u:p@h/db?compress=1").endswith('compress="1"')


def test_a_connection_cannot_write_and_gives_texts_that_do_not_depend_on_the_server():
    text = postgres.connection_string("postgresql://u:p@h/db?sslmode=require&options=-csearch_path%3Dsd")
    assert "sslmode='require'" in text
    assert "-csearch_path=sd -c timezone=UTC" in text
    assert "default_transaction_read_only=on" in text


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql://me:geheim@host/db",
        "host=h password=geheim dbname=d",
        "password='ge\\'heim geheim' x",
        'passwd="geheim" host="h"',
    ],
)
def test_no_secret_is_left_in_a_message(text):
    assert "geheim" not in without_secrets(text)
    assert "***" in without_secrets(text)


def test_an_error_names_source_and_entity():
    assert str(ExtractionError("erp", "customer", "is ill")) == "erp.customer: is ill"
    assert str(ExtractionError("erp", None, "is ill")) == "erp: is ill"


def test_the_nearest_name_is_offered_whatever_its_case():
    assert nearest("KUNNR", ["kunnr", "vbeln"]) == "did you mean kunnr?"
    assert nearest("zzz", ["kunnr", "vbeln"]) == "it has kunnr, vbeln"


def test_shortest_double_text_is_read_back_as_the_same_double(engine):
    for value in (0.1, 2 / 3, 1e22, 123456789.123456789, 5e-324):
        ((text,),) = engine.execute(
            f"select {text_of('c', 'DOUBLE')} from (select {value!r}::double as c) as t"
        ).fetchall()
        assert Decimal(text) == Decimal(repr(value))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('Binder Error: Failed\nERROR:  relation "sd.x" does not exist\nLINE 1: x', 'relation "sd.x" does not exist'),
        ('ERROR:  invalid input syntax for type integer: "Li Wei"\n', "invalid input syntax for type integer: ..."),
        (
            "Conversion Error: Could not convert string 'Li 'Wei' to INT32\n",
            "Conversion Error: Could not convert string ...",
        ),
        (
            'Failed to prepare query "select * from (select p.a,\n c.b from p) as d": no such column: c.b\n\nLINE 1: s',
            "no such column: c.b",
        ),
        (
            'Failed to prepare query "select \'Wei": x\' from (\n selekt)": near "selekt": syntax error\n\nLINE 1: ',
            'near "selekt": syntax error',
        ),
        ("", "Exception"),
    ],
)
def test_what_a_database_said_is_one_line_without_values_of_rows(text, line):
    assert said(Exception(text)).startswith(line)
    assert "Wei" not in said(Exception(text))


@pytest.mark.parametrize(
    ("reason", "cure"),
    [
        ("Access denied for user 'u'@'h' (using password: YES). Attempted host: h", "ssl_mode=disabled"),
        ("TLS/SSL error: self-signed certificate in certificate chain. Attempted host: h", "ssl_ca"),
        ("TLS/SSL error: Hostname verification failed. Attempted host: h", "name of the URL's host"),
    ],
)
def test_what_mysql_says_of_a_connection_comes_with_what_to_do(reason, cure):
    text = f'IO Error: Failed to connect to MySQL database with parameters "host="h" passwd="geheim"": {reason}'
    found = said(Exception(text))
    assert reason in found
    assert cure in found.partition(reason)[2]
    assert "geheim" not in found
