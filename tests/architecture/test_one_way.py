"""Data flows one way, and an indicator stands in exactly four places. Read from dbt's own manifest."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from pipelines.publish.tables import PUBLISHED_TABLES
from pipelines.settings import PROJECT, get_settings
from pipelines.transform import project_manifest
from pipelines.transform.dbt import LAYERS

# What a layer may read besides the layers before it. `control.previous_*` is the one way back.
SOURCES = {
    "staging": {"landing.*", "control.night", "control.previous_run"},
    "scores": {"control.calibration", "control.calibration_indicator", "control.calibration_judgement_set"},
    "churn": {"control.churn_model_score"},
    "tiers": {"control.previous_night", "control.previous_scope_tier", "control.tier_override"},
    "published": {
        "control.tier_support",
        "control.calibration",
        "control.calibration_activation",
        "control.calibration_indicator",
        "control.previous_indicator",
        "control.previous_run",
    },
}
INDICATORS = PROJECT / "dbt_project" / "models" / "indicators"
JUDGEMENTS = PROJECT / "pipelines" / "calibrate" / "judgements" / "default"


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    return project_manifest(get_settings()).to_dict()


def layer_of(node: dict[str, Any]) -> str:
    return node["fqn"][1]


def test_a_layer_reads_only_itself_and_the_layers_before_it(manifest):
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert len(models) > 60
    for key, node in models.items():
        position = LAYERS.index(layer_of(node))
        for parent in node["depends_on"]["nodes"]:
            if parent in models:
                assert LAYERS.index(layer_of(models[parent])) <= position, f"{key} reads {parent}"


def test_staging_alone_reads_landing_and_the_way_back_is_declared(manifest):
    for key, node in manifest["nodes"].items():
        if node["resource_type"] != "model":
            continue
        allowed = SOURCES.get(layer_of(node), set())
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source."):
                source = manifest["sources"][parent]
                name = f"{source['schema']}.{source['identifier']}"
                assert name in allowed or f"{source['schema']}.*" in allowed, f"{key} reads {name}"


def test_the_thirty_stand_in_sql_yaml_judgement_and_union(manifest):
    models = {
        node["name"]: node["config"]["meta"]["indicator"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("ind_")
    }
    assert len(models) == 30
    union = (INDICATORS / "indicator_value.sql").read_text("utf-8")
    judged = set(re.findall(r"\b[CP]\d\d\b", "".join(path.read_text("utf-8") for path in JUDGEMENTS.rglob("*.y*ml"))))
    for name, facts in models.items():
        assert name == f"ind_{facts['id'].lower()}_{facts['name']}"
        found = list(INDICATORS.rglob(f"{name}.*"))
        assert sorted(path.suffix for path in found) == [".sql", ".yml"], name
        assert {path.parent.name for path in found} == {facts["group"]}
        assert name in union, f"{name} is missing in indicator_value.sql"
        assert facts["id"] in judged, f"{facts['id']} has no judgement"
        assert re.search(r"[\u4e00-\u9fff]", facts["name_zh"]), name
    assert set(re.findall(r"ind_[cp]\d\d_\w+", union)) == set(models)
    assert judged == {facts["id"] for facts in models.values()}


def test_every_indicator_has_a_plain_and_a_nasty_unit_test(manifest):
    tested = Counter(test["model"] for test in manifest["unit_tests"].values())
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["name"].startswith("ind_"):
            assert tested[node["name"]] >= 2, node["name"]


def test_an_indicators_yaml_has_the_five_headings(manifest):
    for path in INDICATORS.rglob("ind_*.yml"):
        description = yaml.safe_load(path.read_text("utf-8"))["models"][0]["description"].lower()
        for heading in ("measures", "formula", "window", "nulls and zeros", "source fields"):
            assert heading in description, f"{path.name}: {heading}"


def test_everything_published_is_contracted_and_explained(manifest):
    candidates = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and layer_of(node) == "published"
    }
    for table in PUBLISHED_TABLES:
        node = candidates[table.candidate]
        assert node["config"]["contract"]["enforced"], table.candidate
        assert node["description"], table.candidate
        assert all(column["description"] and column["data_type"] for column in node["columns"].values())
        assert node["schema"] == "candidates"
