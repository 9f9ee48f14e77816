"""The binary COPY encoder, byte by byte; its round trip through PostgreSQL is tests/integration/test_demo.py."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.demo.binary_copy import HEADER, TRAILER, Field, encode
from pipelines.demo.timeline import NULL


def one_value(kind: str, values: np.ndarray) -> list[bytes]:
    """The encoded fields, header, trailer and column count cut off."""
    body = b"".join(encode([Field("x", kind, "")], {"x": values})).removeprefix(HEADER).removesuffix(TRAILER)
    fields, position = [], 0
    while position < len(body):
        assert body[position : position + 2] == b"\0\1"
        length = int.from_bytes(body[position + 2 : position + 6], "big", signed=True)
        end = position + 6 + max(length, 0)
        fields.append(body[position + 2 : end])
        position = end
    return fields


def test_text_has_its_own_length_and_empty_is_null():
    values = np.array(["钢".encode(), b"ab", b""])
    assert one_value("varchar(9)", values) == [b"\0\0\0\3" + "钢".encode(), b"\0\0\0\2ab", b"\xff\xff\xff\xff"]


def test_dates_count_days_and_timestamps_microseconds():
    assert one_value("date", np.array([1, NULL])) == [b"\0\0\0\4\0\0\0\1", b"\xff\xff\xff\xff"]
    assert one_value("timestamp", np.array([2])) == [b"\0\0\0\x08" + (2_000_000).to_bytes(8, "big")]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("numeric(13,2)", 410_050, [4, 2, 0, 2, 0, 0, 4100, 5000]),
        ("numeric(13,2)", -1, [4, 2, 0x4000, 2, 0, 0, 0, 100]),
        ("numeric(9,5)", 709_144, [3, 0, 0, 5, 7, 914, 4000]),
        ("numeric(15,3)", 0, [4, 2, 0, 3, 0, 0, 0, 0]),
    ],
)
def test_numerics_are_groups_of_four_digits(kind, value, words):
    encoded = one_value(kind, np.array([value]))[0]
    assert np.frombuffer(encoded[4:], dtype=">i2").tolist() == words


def test_no_rows_are_a_valid_copy():
    assert b"".join(encode([Field("x", "date", "")], {"x": np.array([], dtype=np.int64)})) == HEADER + TRAILER


def test_an_unknown_type_is_refused():
    with pytest.raises(ValueError, match="json"):
        list(encode([Field("x", "json", "")], {"x": np.array([1])}))
