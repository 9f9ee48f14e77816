"""YAML reading: nothing is guessed, nothing given twice passes, every part knows its line."""

from __future__ import annotations

import pytest

from pipelines.sources.yaml_lines import YamlError, read_yaml


def test_codes_that_yaml_1_1_takes_for_booleans_dates_or_octals_stay_what_they_are():
    document = read_yaml(
        "codes: {Y: true, no: false, off: x, 012: a, 12:30: b, 2024-01-02: c}\nvalue: No\nday: 2024-01-02"
    )
    assert document.value == {
        "codes": {"Y": True, "no": False, "off": "x", "012": "a", "12:30": "b", "2024-01-02": "c"},
        "value": "No",
        "day": "2024-01-02",
    }


def test_plain_scalars_are_numbers_booleans_null_and_quoted_ones_text():
    document = read_yaml('[1, -2, 0.5, true, null, ~, "1", "true", "", 007]')
    assert document.value == [1, -2, 0.5, True, None, None, "1", "true", "", "007"]


def test_a_key_given_twice_is_refused_with_its_line():
    with pytest.raises(YamlError, match="'a' is given twice") as error:
        read_yaml("a: 1\nb: 2\na: 3\n")
    assert error.value.line == 3


@pytest.mark.parametrize(("text", "line"), [("a: [1,\n2\n", 3), ("a: b: c", 1), ("", 1), ("a: 1\n---\nb: 2", 2)])
def test_what_is_no_document_is_refused_with_a_line(text, line):
    with pytest.raises(YamlError) as error:
        read_yaml(text)
    assert error.value.line == line


def test_the_line_of_a_path_is_that_of_its_deepest_existing_part():
    document = read_yaml("a:\n  b:\n    - x\n    - c: 1\n")
    assert document.line(["a"]) == 1
    assert document.line(["a", "b", 1, "c"]) == 4
    assert document.line(["a", "b", "missing", "deeper"]) == 2
    assert document.line([]) == 1
