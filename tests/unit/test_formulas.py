"""The fingerprint of an indicator's formula: it changes with what computes the indicator, and with nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipelines.settings import get_settings
from pipelines.transform import project_manifest
from pipelines.transform.formulas import formulas_of

MODEL = "model.customer_value."


@pytest.fixture(scope="module")
def manifest() -> Any:
    return project_manifest(get_settings())


def changed(manifest: Any, key: str, kind: str, old: str, new: str) -> set[str]:
    """The indicators whose fingerprint is another one once `old` reads `new` in one model, macro or seed."""
    other = copy.copy(manifest)
    parts = dict(getattr(manifest, kind))
    parts[key] = copy.copy(parts[key])
    name = "macro_sql" if kind == "macros" else "raw_code"
    text = getattr(parts[key], name)
    assert old in text
    setattr(parts[key], name, text.replace(old, new, 1))
    setattr(other, kind, parts)
    before, after = formulas_of(manifest), formulas_of(other)
    return {code for code in before if before[code] != after[code]}


def test_every_indicator_has_one_of_its_own(manifest: Any) -> None:
    found = formulas_of(manifest)
    assert len(found) == 30
    assert len(set(found.values())) == 30
    assert formulas_of(manifest) == found


def test_a_changed_model_changes_its_own_indicator(manifest: Any) -> None:
    key = f"{MODEL}ind_p01_volume_growth_yoy"
    assert changed(manifest, key, "nodes", "select", "select distinct") == {"P01"}


def test_a_comment_or_a_line_break_changes_nothing(manifest: Any) -> None:
    key = f"{MODEL}ind_p01_volume_growth_yoy"
    assert changed(manifest, key, "nodes", "select\n", "select -- a word\n {# or two\nlines #}\n\n") == set()


def test_what_an_indicator_rests_on_changes_it_and_no_other(manifest: Any) -> None:
    own = changed(manifest, f"{MODEL}int_invoice", "nodes", "select", "select distinct")
    assert {"C12", "C13", "C14"} <= own
    assert not own & {"C05", "P09", "P13"}


def test_a_macro_changes_what_calls_it(manifest: Any) -> None:
    assert "C01" in changed(manifest, "macro.customer_value.margin", "macros", "0.5", "0.6")
    assert changed(manifest, "macro.customer_value.shrunk_rate", "macros", "+", "-") == set()
