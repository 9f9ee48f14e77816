"""A calibration's whole life: proposed with a set for a kind of customers, compared, activated, taken back.

One company, two nights. Version 1 is made by the first; version 2 weighs customers of industry `steel` by a set of
their own and blends in what the population says; it is compared on the first night and applies from the second on.
Then the first night is run once more. Every number is the reference's.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines.calibrate import CalibrationError, JudgementError, activation, calibration_for
from pipelines.calibrate.comparison import Comparison, compare
from pipelines.calibrate.comparison_report import write_report
from pipelines.calibrate.judgement_sets import SHIPPED_JUDGEMENTS
from pipelines.calibrate.proposal import Proposal, propose
from pipelines.cli import app
from pipelines.explain import wording
from pipelines.indicators import load_indicators
from pipelines.settings import Settings
from pipelines.warehouse.calibration_schema import CALIBRATION
from pipelines.warehouse.schema import RUN
from tests.conftest import Warehouse
from tests.integration.method import comparison, driver
from tests.integration.test_explanation import run_night
from tests.reference import night as reference
from tests.reference.calibration import INDICATORS, Calibration, percentile
from tests.reference.companies import AS_OF_DATES, make_company, write_folder
from tests.reference.parameters import Company, Parameters
from tests.reference.scoring import score

SEED = 9
FIRST = AS_OF_DATES[SEED % len(AS_OF_DATES)]
SECOND = FIRST + timedelta(days=31)
HISTORIES = ("customer_tier_history", "customer_indicator_history", "tier_summary", "tier_transition")
SETS = ["mill", "default"]
BOLD = """
node: value
children: [current, potential]
judgements:
  - {more: potential, less: current, times: 9, reason: "it is what they will buy that counts"}
"""


@dataclass
class Story:
    """What was seen at each step; `first_night`: its published rows when published, and after it was run again."""

    settings: Settings
    engine: sa.Engine
    company: Company
    folder: Path
    compared: Comparison
    compared_again: Comparison
    refused_before_activation: str
    first_night: list[dict[str, list[str]]]
    night_row: list[Any]
    versions_after_proposal: list[int | None]


def rows_of(engine: sa.Engine, as_of: date) -> dict[str, list[str]]:
    """The published rows of a night as text, without what names the run."""
    query = "select (to_jsonb(t) - 'run_id' - 'published_at')::text from published.{} as t where as_of_date = :as_of"
    with engine.connect() as connection:
        return {
            table: sorted(connection.scalars(sa.text(query.format(table)), {"as_of": as_of})) for table in HISTORIES
        }


def night_row(engine: sa.Engine) -> Any:
    with engine.connect() as connection:
        return connection.scalar(sa.text("select to_jsonb(night) from control.night"))


def refusal(call: Any) -> str:
    with pytest.raises(CalibrationError) as refused:
        call()
    return str(refused.value)


@pytest.fixture(scope="module")
def story(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("judgements")
    shutil.copytree(SHIPPED_JUDGEMENTS / "default", folder / "default")
    shutil.copytree(SHIPPED_JUDGEMENTS / "trader", folder / "mill")
    described = (folder / "mill" / "set.yml").read_text("utf-8")
    (folder / "mill" / "set.yml").write_text(re.sub(r"industry: \[.*\]", "industry: [steel]", described), "utf-8")
    # a bold opinion, so that tiers move
    (folder / "mill" / "value.yml").write_text(BOLD, "utf-8")
    company = make_company(SEED, FIRST)
    source = write_folder(company, tmp_path_factory.mktemp("company") / "source")
    engine = module_warehouse.engine
    with driver.settings_for(source, module_warehouse.settings.warehouse_database) as settings:
        run_night("first", FIRST)
        first_night, nights = [rows_of(engine, FIRST)], [night_row(engine)]
        proposal = Proposal("chief", "steel mills are no end users", None, SETS, folder, "critic")
        assert propose(settings, engine, proposal) == 2
        nights.append(night_row(engine))
        with engine.connect() as connection:
            versions = [calibration_for(connection, day) for day in (FIRST, SECOND)]
        compared = compare(settings, engine, 2)
        refused = refusal(lambda: activation.activate(engine, 2, "chief", "agreed", FIRST))
        activation.activate(engine, 2, "chief", "agreed in the board", SECOND)
        run_night("second", SECOND)
        compared_again = compare(settings, engine, 1, None, SECOND)
        run_night("first again", FIRST)
        first_night.append(rows_of(engine, FIRST))
        yield Story(settings, engine, company, folder, compared, compared_again, refused, first_night, nights, versions)


def stored(engine: sa.Engine, version: int) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """A version as published: reference points and medians with the default set's weights, and weights by set."""
    rows = [row for row in driver.read(engine, "published.calibration_weight") if row["calibration_version"] == version]
    made = next(row for row in driver.read(engine, "published.calibration") if row["calibration_version"] == version)
    weights: dict[str, dict[str, float]] = {}
    for row in rows:
        weights.setdefault(row["judgement_set"], {})[row["indicator_id"]] = row["nominal_weight"]
    references = {row["indicator_id"]: driver.ReferencePoints(row["s"], row["lo"], row["hi"]) for row in rows}
    medians = made["median_current_score"], made["median_potential_score"]
    return Calibration(weights["default"], references, *medians), weights


def expected_night(story: Story, as_of: date, version: int) -> reference.Night:
    calibration, weights = stored(story.engine, version)
    measured = reference.measure(story.company, Parameters(as_of))
    mills = {row["customer_id"] for row in story.company["customer"] if row.get("industry") == "steel"}
    own = dict.fromkeys(mills, weights.get("mill", calibration.weights))
    return reference.evaluate(measured, calibration, own_weights=own)


def test_a_proposal_changes_no_night_and_is_not_in_force(story: Story) -> None:
    assert story.night_row[0] == story.night_row[1]
    assert story.versions_after_proposal == [1, 1]
    with story.engine.connect() as connection:
        schemas = sa.inspect(connection).get_schema_names()
    assert not any(name.startswith("comparison_") for name in schemas)


def test_the_proposed_version_is_made_of_the_population_and_the_sets(story: Story) -> None:
    """Reference points as the reference has them, common to both sets; medians of the scores under both sets."""
    calibration, weights = stored(story.engine, 2)
    measured = reference.measure(story.company, Parameters(FIRST))
    assert set(weights) == set(SETS)
    assert all(sum(one.values()) == pytest.approx(1, abs=1e-12) for one in weights.values())
    made = reference.first_calibration(measured, calibration.weights)
    points = [{code: vars(one) for code, one in each.references.items()} for each in (calibration, made)]
    assert not comparison.differences("reference points", *points)
    scores = expected_night(story, FIRST, 2).scores.values()
    for median, name in ((calibration.median_current, "current"), (calibration.median_potential, "potential")):
        known = [value for one in scores if (value := getattr(one, f"{name}_value_score")) is not None]
        assert median == pytest.approx(percentile(known, 0.5), rel=1e-9)


def test_the_blend_is_judgement_and_population_in_every_node(story: Story) -> None:
    rows = [row for row in driver.read(story.engine, "control.calibration_indicator") if row["version"] == 2]
    assert len(rows) == 60
    for name in SETS:
        own = [row for row in rows if row["judgement_set"] == name]
        for column in ("judged_weight", "objective_weight"):
            assert sum(row[column] for row in own) == pytest.approx(1, abs=1e-9)
        assert any(abs(row["nominal_weight"] - row["judged_weight"]) > 1e-4 for row in own)
    kept = [row for row in driver.read(story.engine, "control.calibration_judgement_set") if row["version"] == 2]
    for row in kept:
        for node in row["judgements"].values():
            judged, blended, told = node["weights"], node["blended"], node["objective"]
            heard = [child for child in judged if told[child] > 0]
            factors = [blended[child] / (judged[child] ** 0.7 * told[child] ** 0.3) for child in heard]
            if len(heard) == len(judged) > 1 and blended != pytest.approx(judged):
                assert factors == pytest.approx([factors[0]] * len(factors))
            assert all(one["reason"] for one in node["judgements"])


@pytest.mark.parametrize(("as_of", "version"), [(FIRST, 1), (SECOND, 2)])
def test_every_published_score_can_be_recomputed_from_what_is_published(
    story: Story, as_of: date, version: int
) -> None:
    calibration, weights = stored(story.engine, version)
    kinds = {
        row["customer_id"]: row
        for row in driver.read(story.engine, "published.customer_tier_history")
        if row["as_of_date"] == as_of
    }
    assert {row["calibration_version"] for row in kinds.values()} == {version}
    assert {row["judgement_set"] for row in kinds.values()} == ({"default"} if version == 1 else set(SETS))
    checked = 0
    for row in driver.read(story.engine, "published.customer_indicator_history"):
        if row["as_of_date"] != as_of:
            continue
        values = {code: row[one.name] for code, one in INDICATORS.items()}
        own = weights[kinds[row["customer_id"]]["judgement_set"]]
        again = score(values, Calibration(own, calibration.references))
        assert again.value_score == pytest.approx(row["value_score"], abs=1e-9)
        assert again.coverage == pytest.approx(kinds[row["customer_id"]]["coverage"], abs=1e-9)
        checked += 1
    assert checked > 20


def test_a_date_before_the_activation_run_again_gives_the_same_bytes(story: Story) -> None:
    before, after = story.first_night
    assert before["customer_tier_history"]
    assert after == before


def test_what_is_published_is_never_reached_back_to(story: Story) -> None:
    assert f"{FIRST} is published already" in story.refused_before_activation
    assert f"activate from {FIRST + timedelta(days=1)} or later" in story.refused_before_activation


def test_the_comparison_says_what_the_reference_says(story: Story) -> None:
    found = story.compared
    assert (found.old.version, found.new.version, found.as_of) == (1, 2, FIRST)
    nights = [expected_night(story, FIRST, version) for version in (1, 2)]
    rows = {row["customer_id"]: row for row in found.customers.to_dict("records")}
    assert rows.keys() == set(nights[0].tiers)
    for customer, row in rows.items():
        for night, suffix in zip(nights, ("old", "new"), strict=True):
            assert row[f"tier_{suffix}"] == night.tiers[customer].tier_computed
            assert row[f"tier_raw_{suffix}"] == night.tiers[customer].tier_raw
            if customer in night.scores:
                assert row[f"value_score_{suffix}"] == pytest.approx(night.scores[customer].value_score, abs=1e-9)
                assert row[f"value_quadrant_{suffix}"] == night.quadrants[customer]
                assert row[f"company_rank_{suffix}"] == night.ranks["company_rank"][customer]
    masters = {row["customer_id"]: row for row in story.company["customer"]}
    industries = {customer: masters.get(customer, {}).get("industry") or None for customer in rows}
    assert {customer: row["industry"] for customer, row in rows.items()} == industries
    assert None in industries.values()
    moved = {name for name in rows if nights[0].tiers[name].tier_computed != nights[1].tiers[name].tier_computed}
    assert set(found.changed.customer_id) == moved
    assert moved
    flows = sum(customers for row in found.flow("tier", found.tiers) for customers, _ in row)
    assert flows == len(rows)


def test_the_comparison_names_the_judgements_that_differ(story: Story) -> None:
    """The set `mill` is new in version 2: it is held against the default set that its customers had."""
    judged = story.compared.judgements
    assert {one.judgement_set for one in judged} == {"mill"}
    (root,) = [one for one in judged if one.node == "value"]
    assert (root.old, root.new) == ("current over potential by 2", "potential over current by 9")
    assert root.reason == "it is what they will buy that counts"
    assert {one.node for one in judged} == {"value", "current", "potential"}
    pair = {(one.old, one.new) for one in judged if one.node == "current"}
    assert ("profit over payment by 4", "profit as much as payment") in pair
    assert not any("profit over stability" in (one.new or "") for one in judged)
    back = story.compared_again.judgements
    assert [(one.new, one.old) for one in back] == [(one.old, one.new) for one in judged]


def test_the_rank_correlations_are_those_of_the_ranks(story: Story) -> None:
    """Kendall by counting pairs, Spearman by the differences of the ranks; no two scores are alike here."""
    active = story.compared.customers[story.compared.customers.is_active]
    ranks = list(zip(active.company_rank_old, active.company_rank_new, strict=True))
    size = len(ranks)
    squares = sum((old - new) ** 2 for old, new in ranks)
    assert story.compared.spearman == pytest.approx(1 - 6 * squares / (size * (size**2 - 1)), abs=1e-9)
    pairs = [(one, other) for place, one in enumerate(ranks) for other in ranks[:place]]
    agreeing = sum(1 if (a[0] - b[0]) * (a[1] - b[1]) > 0 else -1 for a, b in pairs)
    assert story.compared.kendall == pytest.approx(agreeing / len(pairs), abs=1e-9)


def test_the_largest_moves_come_with_the_indicators_behind_them(story: Story) -> None:
    moves = story.compared.moves
    assert len(moves) == 10
    nights = [expected_night(story, FIRST, version) for version in (1, 2)]
    changes = {name: nights[1].scores[name].value_score - one.value_score for name, one in nights[0].scores.items()}
    assert list(moves.customer_id) == sorted(changes, key=lambda name: (-round(abs(changes[name]), 9), name))[:10]
    for row in moves.itertuples():
        both = [night.scores[row.customer_id].contributions for night in nights]
        by_indicator = {code: both[1].get(code, 0.0) - both[0].get(code, 0.0) for code in INDICATORS}
        sizes = sorted((abs(change) for change in by_indicator.values()), reverse=True)
        for place, (indicator, change) in enumerate(row.behind):
            assert change == pytest.approx(by_indicator[indicator], abs=1e-9)
            assert abs(change) == pytest.approx(sizes[place], abs=1e-9)


def test_the_side_in_force_is_what_the_night_published_grace_at_the_lines_included(story: Story) -> None:
    found = story.compared_again
    assert (found.old.version, found.new.version, found.as_of) == (2, 1, SECOND)
    published = {
        row["customer_id"]: row
        for row in driver.read(story.engine, "published.customer_tier_history")
        if row["as_of_date"] == SECOND
    }
    rows = {row["customer_id"]: row for row in found.customers.to_dict("records")}
    assert rows.keys() == published.keys()
    for customer, row in published.items():
        assert (rows[customer]["tier_raw_old"], rows[customer]["tier_old"]) == (row["tier_raw"], row["tier_computed"])
        if row["is_active"]:
            assert rows[customer]["value_score_old"] == pytest.approx(row["value_score"], abs=1e-9)
    assert any(row["tier_raw"] != row["tier_computed"] for row in published.values())


def test_the_weights_of_a_set_that_a_version_lacks_are_its_default_ones(story: Story) -> None:
    weights, own = story.compared.weights, stored(story.engine, 1)[1]["default"]
    mill = weights[weights.judgement_set == "mill"]
    assert dict(zip(mill.indicator_id, mill.nominal_weight_old, strict=True)) == own
    assert dict(zip(mill.indicator_id, mill.nominal_weight_new, strict=True)) == stored(story.engine, 2)[1]["mill"]
    assert list(mill.change) == pytest.approx(list(mill.nominal_weight_new - mill.nominal_weight_old))


def test_the_report_needs_nothing_from_outside_and_escapes_what_sources_deliver(story: Story, tmp_path: Path) -> None:
    spoilt = "<script>alert('x')</script> & 钢铁"
    story.compared.customers["customer_name"] = spoilt
    moves = story.compared.moves.assign(customer_name=spoilt)
    page = write_report(
        tmp_path, Comparison(**(vars(story.compared) | {"moves": moves})), load_indicators(story.settings), "CNY"
    ).read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert page.count("<svg") == 5
    assert "judgement set mill" in page
    assert "钢铁" in page


def test_taken_back_into_force_a_version_keeps_its_first_date_in_the_log(story: Story) -> None:
    engine = story.engine
    done = activation.activate(engine, 1, "chief", "the new one was wrong", SECOND + timedelta(days=5))
    assert (done.version, done.replaced) == (1, 2)
    with engine.connect() as connection:
        days = [FIRST, SECOND, SECOND + timedelta(days=4), SECOND + timedelta(days=5)]
        assert [calibration_for(connection, day) for day in days] == [1, 2, 2, 1]
        assert [row.active_from_on for row in activation.activations(connection, 1)] == [FIRST, days[-1]]


def test_what_cannot_be_activated_is_refused_with_the_reason(story: Story) -> None:
    engine, later = story.engine, SECOND + timedelta(days=1)
    assert "there are 1, 2" in refusal(lambda: activation.activate(engine, 9, "a", "r", later))
    assert "the reason is missing" in refusal(lambda: activation.activate(engine, 2, "a", " ", later))
    assert f"2 applies to {later} already" in refusal(lambda: activation.activate(engine, 2, "a", "r", later))
    open_run = {"run_id": "open", "as_of_date": later, "source_systems": ["s"], "started_at": sa.func.now()}
    with engine.begin() as connection:
        connection.execute(sa.insert(RUN).values(status="running", **open_run))
    try:
        assert "run open" in refusal(lambda: activation.activate(engine, 1, "a", "r", later))
    finally:
        with engine.begin() as connection:
            connection.execute(sa.delete(RUN).where(RUN.c.run_id == "open"))


def test_what_cannot_be_proposed_is_refused_and_leaves_nothing(story: Story) -> None:
    def failed(**changes: Any) -> Proposal:
        return Proposal(**({"author": "a", "reason": "r", "judgement_folder": story.folder} | changes))

    with story.engine.connect() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(CALIBRATION))
    assert "author is missing" in refusal(lambda: propose(story.settings, story.engine, failed(author="")))
    assert "known: none" in refusal(lambda: propose(story.settings, story.engine, failed(objective="pca")))
    nobody = failed(population_date=date(1990, 1, 1))
    assert "no customer is active on 1990-01-01" in refusal(lambda: propose(story.settings, story.engine, nobody))
    with pytest.raises(JudgementError, match="no judgement set 'export'"):
        propose(story.settings, story.engine, failed(judgement_sets=["export", "default"]))
    with story.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(CALIBRATION)) == before
        assert not [name for name in sa.inspect(connection).get_schema_names() if name.startswith("comparison_")]


def run(*arguments: str, expect: int = 0) -> str:
    done = CliRunner().invoke(app, ["calibration", *arguments])
    assert done.exit_code == expect, f"{done.output}\n{done.exception!r}"
    return " ".join(done.output.split())


def test_the_commands_list_and_show_the_versions_and_refuse_with_2(story: Story) -> None:
    listed = run("list")
    assert re.search(rf"● 2 {FIRST} \(\d+\) critic chief", listed)
    assert f"1 {FIRST}" in listed
    shown = run("show", "2")
    assert "set mill (traders 贸易商): industry in (steel)" in shown
    assert "objective weighting: critic" in shown
    assert "agreed in the board" in shown
    bold = "potential over current by 9: it is what they will buy that counts"
    told = run("show", "2", "--judgements", "--points")
    assert bold in told and bold not in shown
    assert "mill, value (consistency ratio 0.000): current 10.0 %, potential 90.0 %" in told
    references = stored(story.engine, 2)[0].references
    margin, delay = references["C01"], references["C13"]
    hundred = wording.amount(margin.s * math.sinh(margin.hi))
    assert re.search(rf"C01 Gross margin, 12 months \S+( m)? CNY {re.escape(hundred)} CNY by size", told)
    days = [wording.number(delay.s * math.sinh(end)) for end in (delay.hi, delay.lo)]
    assert f"C13 Payment delay, 12 months {days[0]} days {days[1]} days" in told
    assert "there are 1, 2" in run("show", "7", expect=2)
    assert "calibration 2 is what applies" in run("compare", "2", "--as-of", SECOND.isoformat(), expect=2)
    assert "is published already" in run(
        "activate", "1", "--author", "a", "--reason", "r", "--from", FIRST.isoformat(), expect=2
    )


def test_with_fewer_than_thirty_customers_the_judgements_weigh_alone(story: Story) -> None:
    """Last in this file: it adds a version. Twenty months before the first night few were active yet."""
    asked = Proposal("a", "r", FIRST - timedelta(days=600), ["default"], None, "entropy")
    version = propose(story.settings, story.engine, asked)
    with story.engine.connect() as connection:
        made = connection.execute(sa.select(CALIBRATION).where(CALIBRATION.c.version == version)).one()
    rows = [row for row in driver.read(story.engine, "control.calibration_indicator") if row["version"] == version]
    assert made.population_customers < 30
    assert made.objective == "none"
    assert "30 needed; the judgements weigh alone" in made.notes
    assert {(row["judged_weight"], row["objective_weight"]) for row in rows} == {(None, None)}
    done = activation.activate(story.engine, version, "chief", "as agreed")
    assert (done.active_from, done.replaced) == (SECOND + timedelta(days=1), 2)
    with story.engine.connect() as connection:
        assert [row.version for row in activation.versions(connection)] == [version, 2, 1]
