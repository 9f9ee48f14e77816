"""Reading delivered text by the contract's kinds: what is a value, and what is none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import Kind
from pipelines.extract.parsing import Delivered, instant, parsed
from pipelines.sources.mapping import FileFormat

SHANGHAI = ("Asia/Shanghai", "Asia/Shanghai")
BERLIN_TO_SHANGHAI = ("Europe/Berlin", "Asia/Shanghai")
GERMAN = FileFormat(decimal=",", thousands=".")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-31", date(2024, 1, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("9999-12-31", date(9999, 12, 31)),
        ("2024-02-30", None),
        ("2023-02-29", None),
        ("0000-00-00", None),
        ("2024-1-2", None),
        ("2024/01/02", None),
        ("01/02/03", None),
        ("20240102", None),
        ("1706659200", None),
        (" 024-01-02", None),
        ("infinity", None),
        ("-infinity", None),
        ("0044-03-15 BC", None),
        ("10000-01-01", None),
        ("2024-01-02 25:00:00", None),
        ("2024-01-02 23:30:00 Europe/Berlin", None),
        ("", None),
        (None, None),
    ],
)
def test_only_an_iso_date_that_exists_is_a_date(evaluate, text, value):
    assert evaluate(parsed("raw", Kind.DATE, Delivered(SHANGHAI)), raw=text) == value


@pytest.mark.parametrize(
    ("text", "zones", "value"),
    [
        ("2024-01-02 23:30:00", SHANGHAI, date(2024, 1, 2)),
        ("2024-01-02 23:30:00", BERLIN_TO_SHANGHAI, date(2024, 1, 3)),
        ("2024-01-02", BERLIN_TO_SHANGHAI, date(2024, 1, 2)),
        ("2024-01-02T15:59:59Z", SHANGHAI, date(2024, 1, 2)),
        ("2024-01-02T16:00:00Z", SHANGHAI, date(2024, 1, 3)),
        ("2024-01-02 15:59:59.999999+00", SHANGHAI, date(2024, 1, 2)),
        ("2024-01-02 23:30:00+08:00", SHANGHAI, date(2024, 1, 2)),
        ("2024-01-02 23:30:00-05:30", SHANGHAI, date(2024, 1, 3)),
        ("2024-03-31 02:30:00", BERLIN_TO_SHANGHAI, date(2024, 3, 31)),
        ("2024-10-27 02:30:00", BERLIN_TO_SHANGHAI, date(2024, 10, 27)),
    ],
)
def test_an_instant_becomes_the_companys_date_and_a_date_stays(evaluate, text, zones, value):
    assert evaluate(parsed("raw", Kind.DATE, Delivered(zones)), raw=text) == value


def test_a_declared_format_reads_other_dates_and_only_those(evaluate):
    sql = parsed("raw", Kind.DATE, Delivered(SHANGHAI, date_format="%d.%m.%Y"))
    assert evaluate(sql, raw="31.01.2024") == date(2024, 1, 31)
    assert evaluate(sql, raw="2024-01-31") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.005", "0.005"),
        ("-0", "-0"),
        ("+5", "+5"),
        (".5", ".5"),
        ("5.", "5."),
        (" 12 ", "12"),
        ("1e5", "1e5"),
        ("1E-20", "1E-20"),
        (
            "12345678901234567890123456789012345678901234567890.123",
            "12345678901234567890123456789012345678901234567890.123",
        ),
        ("1e99999", None),
        ("9" * 1001, None),
        ("NaN", None),
        ("Infinity", None),
        ("1_000", None),
        ("0x1f", None),
        ("1,5", None),
        ("1.234,56", None),
        ("abc", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_a_number_stays_the_text_it_is_and_anything_else_is_none(evaluate, text, value):
    assert evaluate(parsed("raw", Kind.NUMERIC, Delivered(SHANGHAI)), raw=text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,5", "1.5"),
        ("1.234,56", "1234.56"),
        ("-1.234.567", "-1234567"),
        ("1.5", None),
        ("12.34,5", None),
        ("1234,5", "1234.5"),
    ],
)
def test_a_declared_decimal_mark_and_separator_are_read_and_others_are_not(evaluate, text, value):
    assert evaluate(parsed("raw", Kind.NUMERIC, Delivered(SHANGHAI, numbers=GERMAN)), raw=text) == value


def test_the_declared_decimal_mark_does_not_touch_numbers_that_the_source_itself_types(evaluate):
    sql = parsed("raw", Kind.NUMERIC, Delivered(SHANGHAI, "DECIMAL(10,2)", GERMAN))
    assert evaluate(sql, raw="1.50") == "1.50"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"])
@pytest.mark.parametrize("source_type", ["DOUBLE", "DECIMAL(18,3)", "FLOAT"])
def test_what_is_no_number_in_a_numeric_column_is_none(evaluate, text, source_type):
    assert evaluate(parsed("raw", Kind.NUMERIC, Delivered(SHANGHAI, source_type)), raw=text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("00012", 12),
        ("12.0", 12),
        ("-3", -3),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("12.5", None),
        ("1e3", None),
        ("x", None),
    ],
)
def test_a_whole_number_is_read_exactly_or_not_at_all(evaluate, text, value):
    assert evaluate(parsed("raw", Kind.INTEGER, Delivered(SHANGHAI)), raw=text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("Y", True), ("n", False), ("TRUE", True), ("f", False), ("1", True), ("0", False), ("yes", True), ("No", False)]
    + [(text, None) for text in ("2", "-1", "", "J", "truee", None)],
)
def test_a_boolean_is_one_of_ten_words_in_any_case(evaluate, text, value):
    assert evaluate(parsed("raw", Kind.BOOLEAN, Delivered(SHANGHAI)), raw=text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-02 23:30:00", datetime(2024, 1, 2, 22, 30, tzinfo=UTC)),
        ("2024-01-02T23:30:00.5Z", datetime(2024, 1, 2, 23, 30, 0, 500000, tzinfo=UTC)),
        ("2024-01-02 23:30:00+08", datetime(2024, 1, 2, 15, 30, tzinfo=UTC)),
        ("2024-01-02", datetime(2024, 1, 1, 23, 0, tzinfo=UTC)),
        ("infinity", None),
        ("1704236400", None),
    ],
)
def test_a_change_marker_is_an_instant_of_the_sources_zone(evaluate, text, value):
    assert evaluate(instant("raw", Delivered(("Europe/Berlin", "Asia/Shanghai"))), raw=text) == value


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789-:TZ +.", min_size=0, max_size=26) | st.dates().map(str) | st.datetimes().map(str))
def test_whatever_is_read_as_a_date_python_reads_alike(evaluate, text):
    found = evaluate(parsed("raw", Kind.DATE, Delivered(("UTC", "UTC"))), raw=text)
    if found is not None and len(text) == 10:
        assert found == date.fromisoformat(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789-+.eE,_ ", max_size=12) | st.decimals().map(str) | st.floats().map(repr))
def test_whatever_is_read_as_a_number_is_that_number(evaluate, text):
    found = evaluate(parsed("raw", Kind.NUMERIC, Delivered(SHANGHAI)), raw=text)
    if found is None:
        return
    try:
        assert Decimal(found) == Decimal(text.strip())
    except InvalidOperation:  # pragma: no cover - the assertion that matters
        pytest.fail(f"{text!r} was read as the number {found!r}")


ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])
MOMENTS = st.datetimes(datetime.fromisoformat("1890-01-01"), datetime.fromisoformat("2060-01-01"))


@given(moment=MOMENTS, source=ZONES, company=ZONES, with_zone=st.booleans())
def test_a_column_in_its_own_type_is_read_as_its_text_would_be(evaluate, moment, source, company, with_zone):
    """Also where the engine's own conversion is spared: on the days beside the last shift of a zone most of all."""
    source_type = "TIMESTAMP WITH TIME ZONE" if with_zone else "TIMESTAMP"
    text = f"{moment:%Y-%m-%d %H:%M:%S.%f}{'+00' if with_zone else ''}"
    as_text = Delivered((source, company), source_type)
    native = Delivered((source, company), source_type, is_native=True)
    typed = f"cast(raw as {source_type})"
    for of in (lambda raw, how: parsed(raw, Kind.DATE, how), instant):
        assert evaluate(of(typed, native), raw=text) == evaluate(of("raw", as_text), raw=text)


@given(moment=MOMENTS, zone=ZONES, company=ZONES)
def test_a_wall_clock_that_no_longer_shifts_is_reckoned_as_the_engine_does(evaluate, moment, zone, company):
    text = f"{moment:%Y-%m-%d %H:%M:%S.%f}"
    asked = f"timezone('{zone}', cast(raw as timestamp))"
    delivered = Delivered((zone, company), "TIMESTAMP")
    assert evaluate(instant("raw", delivered), raw=text) == evaluate(asked, raw=text)
    date_asked = f"cast(timezone('{company}', {asked}) as date)"
    if zone != company:
        assert evaluate(parsed("raw", Kind.DATE, delivered), raw=text) == evaluate(date_asked, raw=text)


@pytest.mark.parametrize("source_type", ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 (BC)", "10000-01-01"])
def test_what_no_date_text_admits_is_no_date_in_a_columns_own_type_either(evaluate, source_type, text):
    native = Delivered(SHANGHAI, source_type, is_native=True)
    typed = f"cast(raw as {source_type})"
    assert evaluate(f"{typed} is null", raw=text) is False
    assert evaluate(parsed(typed, Kind.DATE, native), raw=text) is None
    assert evaluate(instant(typed, native), raw=text) is None
