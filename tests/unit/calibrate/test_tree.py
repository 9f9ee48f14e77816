"""The judgement files: the shipped ones are sound, faulty ones are refused with file, node and cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.calibrate import ahp
from pipelines.calibrate.judgement_sets import SHIPPED_JUDGEMENTS
from pipelines.calibrate.tree import JudgementError, judged_weights, read_node, weigh, weigh_tree
from pipelines.indicators import Indicator

GROUPS = {
    "current": {
        "profit": ["C01", "C02", "C03", "C04"],
        "volume_and_mix": ["C05", "C06", "C07", "C08"],
        "stability": ["C09", "C10", "C11"],
        "payment": ["C12", "C13", "C14"],
        "cost_to_serve": ["C15", "C16"],
    },
    "potential": {
        "growth": ["P01", "P02", "P03"],
        "wallet": ["P04", "P05", "P06", "P07"],
        "relationship": ["P08", "P09", "P10", "P11", "P12"],
        "strategic": ["P13", "P14"],
    },
}


DEFAULT_JUDGEMENTS = SHIPPED_JUDGEMENTS / "default"


def indicator(indicator_id: str, dimension: str, group: str) -> Indicator:
    return Indicator(indicator_id, f"n_{indicator_id}", "n", "n", dimension, group, "u", "higher", "linear", "f")  # type: ignore[arg-type]


REGISTRY = [
    indicator(code, dimension, group)
    for dimension, groups in GROUPS.items()
    for group, codes in groups.items()
    for code in codes
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped judgements, to be spoilt."""
    return Path(shutil.copytree(DEFAULT_JUDGEMENTS, tmp_path / "judgements"))


def spoil(folder: Path, node: str, old: str, new: str) -> Path:
    path = folder / f"{node}.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_shipped_judgements_are_consistent_at_every_node() -> None:
    tree = weigh_tree(DEFAULT_JUDGEMENTS, REGISTRY)
    assert len(tree) == 12
    assert max(node.consistency_ratio for node in tree.values()) < ahp.CONSISTENCY_LIMIT
    for node in tree.values():
        assert sum(node.weights.values()) == pytest.approx(1, abs=1e-12)


def test_nominal_weights_sum_to_1_and_are_the_product_down_the_tree() -> None:
    tree = weigh_tree(DEFAULT_JUDGEMENTS, REGISTRY)
    weights = judged_weights(tree, REGISTRY)
    assert sum(weights.values()) == pytest.approx(1, abs=1e-15)
    assert len(weights) == 30
    product = tree["value"].weights["current"] * tree["current"].weights["profit"] * tree["profit"].weights["C02"]
    assert weights["C02"] == pytest.approx(product, rel=1e-12)


def test_a_contradiction_is_refused_with_its_worst_judgement_and_what_would_mend_it(folder: Path) -> None:
    path = spoil(folder, "profit", "{more: C04, less: C02, times: 2,", "{more: C02, less: C04, times: 9,")
    with pytest.raises(JudgementError) as refusal:
        weigh(path, read_node(path))
    message = str(refusal.value)
    assert "profit.yml: node profit contradicts itself: consistency ratio" in message
    assert "Worst judgement: C02 over C04 by 9; the others together say C04 over C02 by 1.5" in message


def test_the_limit_itself_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "profit.yml"
    node = read_node(path)
    ratio = weigh(path, node).consistency_ratio
    monkeypatch.setattr(ahp, "CONSISTENCY_LIMIT", ratio)
    with pytest.raises(JudgementError, match="contradicts itself"):
        weigh(path, node)


@pytest.mark.parametrize(
    ("node", "old", "new", "message"),
    [
        ("growth", "times: 1,", "times: 0.5,", "judgements.0.times: Input should be greater than or equal to 1"),
        ("growth", "times: 1,", "times: 10,", "less than or equal to 9"),
        ("growth", 'reason: "as for P01"', 'reason: ""', "reason"),
        ("growth", "less: P02,", "less: P99,", "P01 against P99 is no pair of children"),
        ("growth", "{more: P02, less: P03,", "{more: P02, less: P01,", "P01 against P02 is judged twice"),
        ("growth", "node: growth", "node: wealth", "says node wealth"),
        ("growth", "[P01, P02, P03]", "[P01, P02, P03, P03]", "named twice"),
        ("growth", "[P01, P02, P03]", "[P01, P02, P03, P04]", "not judged: P01 against P04, P02 against P04"),
        ("relationship", "[P08, P09, P10, P11, P12]", "[P08, P09, P10, P11, P12, P13]", "at most 5 items"),
        ("growth", "node: growth", "node: [", "no valid YAML"),
        ("growth", "node: growth", "node: growth\nauthor: me", "author: Extra inputs"),
    ],
)
def test_a_faulty_file_is_refused(folder: Path, node: str, old: str, new: str, message: str) -> None:
    spoil(folder, node, old, new)
    with pytest.raises(JudgementError, match=f"{node}.yml") as refusal:
        weigh_tree(folder, REGISTRY)
    assert message in str(refusal.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "wallet.yml").unlink()
    with pytest.raises(JudgementError, match=r"wallet\.yml is missing"):
        weigh_tree(folder, REGISTRY)


def test_a_file_of_no_node_is_named(folder: Path) -> None:
    (folder / "walet.yml").write_text("node: walet\nchildren: [P04]\n", encoding="utf-8")
    with pytest.raises(JudgementError, match=r"walet\.yml belongs to no node"):
        weigh_tree(folder, REGISTRY)


def test_an_indicator_that_nobody_judged_is_named(folder: Path) -> None:
    with pytest.raises(JudgementError, match=r"strategic\.yml: P15 is judged nowhere"):
        weigh_tree(folder, [*REGISTRY, indicator("P15", "potential", "strategic")])


def test_a_judged_indicator_that_no_model_defines_is_named(folder: Path) -> None:
    with pytest.raises(JudgementError, match=r"strategic\.yml: P14 is not of strategic"):
        weigh_tree(folder, [one for one in REGISTRY if one.indicator_id != "P14"])
