"""A version as rows: what a blend stores beside the weights, and where too few customers leave it out."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from pipelines.calibrate.drafts import Draft, Making, blended_draft, judged_draft
from pipelines.calibrate.judgement_sets import read_sets
from pipelines.calibrate.population import ReferencePoints
from tests.unit.calibrate.test_tree import GROUPS, REGISTRY

CODES = [one.indicator_id for one in REGISTRY]


def making(customers: int) -> Making:
    references = {code: ReferencePoints(None, 0.0, 1.0) for code in CODES}
    sets = read_sets(["trader", "default"], REGISTRY)
    return Making("Li Na", "why", date(2025, 6, 30), customers, REGISTRY, sets, references)


def points(customers: int) -> dict[str, Any]:
    """C05 is alike for everybody."""
    dice = np.random.default_rng(7)
    drawn = {code: dice.uniform(0, 100, customers) for code in CODES}
    return drawn | {"C05": np.full(customers, 40.0)}


def rows(draft: Draft, judgement_set: str) -> dict[Any, Any]:
    return {row["indicator_id"]: row for row in draft.indicators if row["judgement_set"] == judgement_set}


def test_the_judgements_alone_store_no_other_weight() -> None:
    draft = judged_draft(making(100))
    assert (draft.header["objective"], draft.header["notes"]) == ("none", None)
    assert "objective" not in str(draft.header["method"])
    assert {(row["judged_weight"], row["objective_weight"]) for row in draft.indicators} == {(None, None)}
    assert [(one["judgement_set"], one["position"]) for one in draft.sets] == [("trader", 1), ("default", 2)]


@pytest.mark.parametrize(("customers", "objective"), [(29, "none"), (30, "critic")])
def test_from_thirty_customers_on_the_population_is_heard(customers: int, objective: str) -> None:
    draft = blended_draft(making(customers), points(customers), "critic")
    assert draft.header["objective"] == objective
    assert draft.header["population_customers"] == customers
    alone = [row["nominal_weight"] for row in judged_draft(making(customers)).indicators]
    weights = [row["nominal_weight"] for row in draft.indicators]
    assert (weights == pytest.approx(alone)) == (objective == "none")
    if objective == "none":
        assert "CRITIC left out: 29 active customers, 30 needed" in str(draft.header["notes"])


@pytest.mark.parametrize(("method", "name"), [("critic", "CRITIC"), ("entropy", "entropy")])
def test_a_blend_stores_what_was_judged_and_what_the_population_says(method: str, name: str) -> None:
    draft, judged = blended_draft(making(80), points(80), method), judged_draft(making(80))
    assert f"objective weights ({name})" in str(draft.header["method"])
    assert "C05" in str(draft.header["notes"])
    for kind in ("trader", "default"):
        found, alone = rows(draft, kind), rows(judged, kind)
        assert {code: row["judged_weight"] for code, row in found.items()} == pytest.approx(
            {code: row["nominal_weight"] for code, row in alone.items()}
        )
        assert sum(row["nominal_weight"] for row in found.values()) == pytest.approx(1, abs=1e-12)
        assert found["C05"]["objective_weight"] == 0
        # inside its group it keeps what it was judged
        shares_of_volume = [
            rows_of["C05"]["nominal_weight"]
            / sum(rows_of[code]["nominal_weight"] for code in GROUPS["current"]["volume_and_mix"])
            for rows_of in (found, alone)
        ]
        assert shares_of_volume[0] == pytest.approx(shares_of_volume[1])
        assert found["C06"]["nominal_weight"] != pytest.approx(found["C06"]["objective_weight"], rel=1e-3)
        assert found["C06"]["objective_weight"] > 0
        # the population knows no kinds
        shares = [one["judgements"]["profit"]["objective"] for one in draft.sets]  # type: ignore[index]
        assert shares[0] == pytest.approx(shares[1])
