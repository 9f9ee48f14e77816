"""The judgement sets: the shipped ones are sound, a set takes the rest from the default, faults are named by file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.calibrate.judgement_sets import SHIPPED_JUDGEMENTS, read_sets
from pipelines.calibrate.tree import JudgementError, judged_weights
from tests.unit.calibrate.test_tree import REGISTRY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped sets, to be spoilt."""
    return Path(shutil.copytree(SHIPPED_JUDGEMENTS, tmp_path / "judgements"))


def test_the_shipped_sets_are_read_in_order_of_precedence() -> None:
    trader, default = read_sets(["trader", "default"], REGISTRY)
    assert (trader.name, default.name, dict(default.rule)) == ("trader", "default", {})
    assert "trading" in trader.rule["industry"]
    assert trader.name_zh == "贸易商"
    for one in (trader, default):
        assert sum(judged_weights(one.nodes, REGISTRY).values()) == pytest.approx(1, abs=1e-15)
        assert all(node.judgements and node.consistency_ratio < 0.1 for node in one.nodes.values())


def test_a_node_that_a_set_does_not_judge_is_judged_as_by_default() -> None:
    trader, default = read_sets(["trader", "default"], REGISTRY)
    differing = {name for name in default.nodes if trader.nodes[name] != default.nodes[name]}
    assert differing == {"value", "current", "potential"}
    assert len(trader.nodes) == 12


def test_by_default_the_default_alone_applies() -> None:
    assert [one.name for one in read_sets(["default"], REGISTRY)] == ["default"]


@pytest.mark.parametrize("names", [[], ["trader"], ["default", "trader"], ["trader", "trader", "default"]])
def test_default_comes_last_and_each_once(names: list[str]) -> None:
    with pytest.raises(JudgementError, match="'default' last"):
        read_sets(names, REGISTRY)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("trader/set.yml", "when:", "unless:", "unless: Extra inputs"),
        ("trader/set.yml", "industry:", "size:", "when.size"),
        ("trader/set.yml", "[trading, distribution, wholesale, 钢贸]", "[]", "when.industry"),
        ("trader/set.yml", "[trading,", "[no,", "when.industry.0: Input should be a valid string"),
        ("trader/set.yml", "name_zh: 贸易商", "name_zh: ''", "name_zh"),
        ("trader/set.yml", "reason:", "reason: [", "no valid YAML"),
        ("default/set.yml", "name_zh:", "when: {region: [Europe]}\nname_zh:", "everybody has it"),
        ("trader/value.yml", "node: value", "node: worth", "trader/value.yml says node worth"),
        (
            "trader/potential.yml",
            "more: relationship, less: wallet, times: 2",
            "more: wallet, less: relationship, times: 9",
            "node potential",
        ),
    ],
)
def test_a_faulty_set_is_refused_with_its_file(folder: Path, file: str, old: str, new: str, message: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(JudgementError, match=file) as refusal:
        read_sets(["trader", "default"], REGISTRY, folder)
    assert message in str(refusal.value)


def test_a_set_that_is_for_nobody_in_particular_is_refused(folder: Path) -> None:
    (folder / "trader" / "set.yml").write_text("name_en: t\nname_zh: t\nreason: t\n", "utf-8")
    with pytest.raises(JudgementError, match="say whom it is for"):
        read_sets(["trader", "default"], REGISTRY, folder)


def test_a_missing_set_and_a_missing_description_are_named(folder: Path) -> None:
    with pytest.raises(JudgementError, match="no judgement set 'export'; it holds default, trader"):
        read_sets(["export", "default"], REGISTRY, folder)
    (folder / "trader" / "set.yml").unlink()
    with pytest.raises(JudgementError, match=r"set\.yml is missing"):
        read_sets(["trader", "default"], REGISTRY, folder)
