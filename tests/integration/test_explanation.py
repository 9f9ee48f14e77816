"""Whole nights of one company: why scores moved, past nights explained, two nights compared, one customer's card.

Four nights: the first; a day later, changed, deleted and new rows; a month later, another calibration; then the second
once more, whose night before has lost its long rows by then. The gates have tests of their own.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.explain import nights
from pipelines.explain.card import read_card
from pipelines.explain.lines import tier_scheme
from pipelines.explain.nights import compare_nights
from pipelines.explain.page import card_page
from pipelines.explain.scored import NotPublished, scored_indicators
from pipelines.night import steps
from pipelines.settings import Settings
from pipelines.transform import indicator_formulas
from pipelines.transform.dbt import LAYERS
from tests.conftest import Warehouse
from tests.integration.method import comparison, driver
from tests.integration.method.comparison import by_key
from tests.reference import night as reference
from tests.reference.calibration import Calibration
from tests.reference.changes import changed_facts, score_changes
from tests.reference.companies import AS_OF_DATES, make_company, write_folder
from tests.reference.parameters import Company, Parameters, Row
from tests.reference.scoring import Score
from tests.reference.staging import split_by_contract

SEED = 4
FIRST = AS_OF_DATES[SEED % len(AS_OF_DATES)]
NIGHTS = [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=32)]
LINES_OF_TITLE = ("Where it stands", "Why its score is what it is", "What is missing", "Its history")


def admitted(company: Company) -> Company:
    """What the contract lets in: the rest never landed, before or after."""
    return {entity: split_by_contract(entity, rows)[0] for entity, rows in company.items()}


def a_day_passes(company: Company, as_of: date) -> Company:
    """A tenth of the rows are gone, a tenth are others, and each customer's first order comes once more."""
    dice = Random(SEED)
    kept: Company = {}
    for entity, rows in sorted(copy.deepcopy(company).items()):
        stays = entity in ("exchange_rate", "product", "customer")
        kept[entity] = [row for row in rows if stays or dice.random() > 0.1]
    for entity, column, other in (
        ("sales_order_line", "quantity", lambda value: value * 2),
        ("sales_order", "is_cancelled", lambda value: not value),
        ("invoice", "amount", lambda value: value + 100),
        ("payment", "paid_on", lambda value: value + timedelta(days=3)),
        ("survey_response", "perceived", lambda value: 11 - value),
        ("exchange_rate", "rate", lambda value: value * 2),
        ("product", "is_premium", lambda value: not value),
        ("demand_estimate", "total_demand_quantity", lambda value: value * 3),
    ):
        for row in kept.get(entity, []):
            if dice.random() < 0.1:
                row[column] = other(row.get(column))
    for row in [row for row in kept["sales_order"] if row["ordered_on"] <= as_of and dice.random() < 0.1]:
        again = {**row, "order_id": f"again {row['order_id']}", "ordered_on": as_of, "currency": None}
        kept["sales_order"].append(again)
        lines = [line for line in kept["sales_order_line"] if line["order_id"] == row["order_id"]]
        kept["sales_order_line"] += [{**line, "order_id": again["order_id"]} for line in lines]
    return kept


@dataclass
class Evaluated:
    """What a night published, read at once, and the reference's scores of it."""

    scores: Mapping[str, Score]
    night: reference.Night
    changes: list[Row]
    indicators: list[Row]
    value_scores: dict[str, float | None]


@dataclass
class Told:
    """The company's nights; `again`: the second night's changes after it was run once more."""

    settings: Settings
    engine: sa.Engine
    nights: dict[date, Evaluated]
    before: Company
    after: Company
    again: list[Row]


def other_calibration(engine: sa.Engine, first_day: date) -> None:
    """Version 2, active from a day on: half the weights shifted, every reference point wider."""
    statements = (
        "insert into control.calibration (version, made_at, population_date, population_customers, author, reason,"
        " method, median_current_score, median_potential_score) select 2, made_at, population_date,"
        " population_customers, author, reason, method, median_current_score, median_potential_score"
        " from control.calibration",
        "insert into control.calibration_activation (version, active_from_on, activated_at, author, reason)"
        " values (2, cast(:day as date), clock_timestamp(), 'author', 'reason')",
        "create temporary table other on commit drop as select * from control.calibration_indicator where version = 1",
        "update other set version = 2, hi = hi + abs(hi), nominal_weight = nominal_weight"
        " * case when indicator_id < 'C09' then 2.0 else 1.0 end",
        "update other set nominal_weight = nominal_weight / (select sum(nominal_weight) from other)",
        "insert into control.calibration_indicator select * from other",
    )
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"day": first_day} if ":day" in statement else {})


def stored_calibration(engine: sa.Engine, version: int) -> Calibration:
    rows = [row for row in driver.read(engine, "control.calibration_indicator") if row["version"] == version]
    made = [row for row in driver.read(engine, "control.calibration") if row["version"] == version][0]
    return Calibration(
        {row["indicator_id"]: row["nominal_weight"] for row in rows},
        {row["indicator_id"]: driver.ReferencePoints(row["s"], row["lo"], row["hi"]) for row in rows},
        made["median_current_score"],
        made["median_potential_score"],
    )


def evaluated(engine: sa.Engine, company: Company, as_of: date, version: int) -> Evaluated:
    night = reference.evaluate(reference.measure(company, Parameters(as_of)), stored_calibration(engine, version))
    return Evaluated(
        night.scores,
        night,
        [row for row in driver.read(engine, "publication.score_change") if row["as_of_date"] == as_of],
        [row for row in driver.read(engine, "publication.customer_indicator") if row["as_of_date"] == as_of],
        {
            row["customer_id"]: row["value_score"]
            for row in driver.read(engine, "published.customer_tier_history")
            if row["as_of_date"] == as_of
        },
    )


def run_night(run_id: str, as_of: date) -> None:
    """A whole night but for its gates, which take half of its time."""
    night = steps.open_night(run_id, as_of, [driver.SOURCE])
    for source in night.sources:
        steps.extract_source(night, source)
    for layer in LAYERS:
        steps.build_layer(night, layer)
        if layer == "indicators":
            steps.ensure_calibration(night)
    steps.publish_tiers(night)
    steps.close_night(run_id)


@pytest.fixture(scope="module")
def told(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    before = make_company(SEED, FIRST)
    after = a_day_passes(before, NIGHTS[1])
    folder = write_folder(before, tmp_path_factory.mktemp("company") / "source")
    engine = module_warehouse.engine
    nights: dict[date, Evaluated] = {}
    with driver.settings_for(folder, module_warehouse.settings.warehouse_database) as settings:
        for as_of in NIGHTS:
            if as_of == NIGHTS[1]:
                write_folder(after, folder)
            if as_of == NIGHTS[-1]:
                other_calibration(engine, as_of)
            run_night(f"night of {as_of}", as_of)
            version = 2 if as_of == NIGHTS[-1] else 1
            nights[as_of] = evaluated(engine, before if as_of == FIRST else after, as_of, version)
        run_night("again", NIGHTS[1])
        again = [row for row in driver.read(engine, "publication.score_change") if row["as_of_date"] == NIGHTS[1]]
        yield Told(settings, engine, nights, before, after, again)


def expected_changes(told: Told, number: int) -> dict[tuple[str, str], Row]:
    """The reference's rows of one of the nights, against the one before."""
    versions = (told.before if number == 1 else told.after, told.after)
    since, until = NIGHTS[number - 1], NIGHTS[number]
    changed = changed_facts(*map(admitted, versions), since, until)
    return score_changes(told.nights[since].scores, told.nights[until].night, changed, number == 2)


@pytest.mark.parametrize("number", [1, 2])
def test_what_moved_and_why_is_what_the_reference_says(told, number):
    ours = expected_changes(told, number)
    assert len(ours) > 30
    found = comparison.change_differences(told.nights[NIGHTS[number]].changes, ours)
    assert not found, comparison.report(found, told.nights[NIGHTS[number]].night.measured)


def test_every_cause_is_there_and_the_first_night_has_none(told):
    assert told.nights[FIRST].changes == []
    causes = [{row["cause"] for row in told.nights[as_of].changes} for as_of in NIGHTS[1:]]
    assert causes == [{"own_data", "window_moved", "availability"}, {"calibration", "availability"}]


@pytest.mark.parametrize("number", [1, 2])
def test_a_customers_rows_sum_to_the_change_of_its_score(told, number):
    before, after = (told.nights[NIGHTS[place]].value_scores for place in (number - 1, number))
    sums = dict.fromkeys(before.keys() | after.keys(), 0.0)
    for row in told.nights[NIGHTS[number]].changes:
        sums[row["customer_id"]] += row["contribution_change"]
    for customer, total in sums.items():
        change = (after.get(customer) or 0.0) - (before.get(customer) or 0.0)
        assert total == pytest.approx(change, abs=1e-9), customer


def test_a_past_night_run_again_explains_itself_without_the_long_rows_before_it(told):
    kept = {row["as_of_date"] for row in driver.read(told.engine, "publication.customer_indicator")}
    assert kept == {NIGHTS[1], NIGHTS[-1]}
    first, again = (
        by_key(rows, "customer_id", "indicator_id") for rows in (told.nights[NIGHTS[1]].changes, told.again)
    )
    assert comparison.differences("again", again, first) == []


def test_a_night_keeps_how_its_indicators_were_computed_and_the_next_one_sees_it(told):
    """What the cause of a changed formula rests on; the model's unit test has the cases."""
    formulas = indicator_formulas(told.settings)
    assert len(formulas) == 30
    published = [row["night"]["indicator_formulas"] for row in driver.read(told.engine, "control.run")]
    assert published == [formulas] * 4
    (before,) = driver.read(told.engine, "control.previous_run")
    assert before["night"]["indicator_formulas"] == formulas


@pytest.mark.parametrize("number", range(3))
def test_points_and_contributions_of_any_night_are_those_it_published(told, number):
    published = told.nights[NIGHTS[number]].indicators
    with told.engine.connect() as connection:
        relation = scored_indicators(connection, told.settings, NIGHTS[number])
        found = [dict(row) for row in connection.execute(sa.text(f"select * from {relation} as s")).mappings()]
    columns = ("raw_value", "points", "effective_weight", "contribution")
    rows = [by_key(some, "customer_id", "indicator_id") for some in (found, published)]
    assert len(rows[1]) > 100
    assert comparison.differences("past", *rows, columns) == []


def test_of_a_night_that_was_not_published_the_nearest_are_named(told):
    with told.engine.connect() as connection, pytest.raises(NotPublished, match=f"{NIGHTS[1]} and {NIGHTS[2]}"):
        scored_indicators(connection, told.settings, NIGHTS[1] + timedelta(days=5))


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 2), (0, 2)])
def test_two_nights_compared_say_what_the_transitions_and_the_scores_say(told, first, last):
    with told.engine.connect() as connection:
        found = compare_nights(connection, told.settings, NIGHTS[first], NIGHTS[last])
    if last == first + 1:
        rows = [
            row for row in driver.read(told.engine, "published.tier_transition") if row["as_of_date"] == NIGHTS[last]
        ]
        assert {
            (row["from_tier"], row["to_tier"]): (row["customers"], row["gross_margin_12m"]) for row in rows
        } == dict(found.transitions)
    before, after = (told.nights[NIGHTS[place]].scores for place in (first, last))
    assert found.moves
    for move in found.moves:
        customer = move.after["customer_id"]
        changes = {
            code: sum(sign * one.contributions.get(code, 0.0) for one, sign in scored if one)
            for scored in [((after.get(customer), 1), (before.get(customer), -1))]
            for code in reference.FORMULAS
        }
        moved = [change for change in changes.values() if abs(change) > 1e-9]
        that_way = [change for change in moved if (change > 0) == move.is_up] or moved
        largest = sorted(map(abs, that_way), reverse=True)[:2]
        assert [abs(one.change) for one in move.drivers] == pytest.approx(largest, abs=1e-9)
        assert [changes[one.indicator_id] for one in move.drivers] == pytest.approx(
            [one.change for one in move.drivers]
        )
    assert found.has_other_calibration == (last == 2)


def test_a_card_says_everything_of_every_customer(told):
    """Of the first night, whose long rows are gone, and of the last one; every tenth customer."""
    for as_of in (NIGHTS[0], NIGHTS[-1]):
        with told.engine.connect() as connection:
            scheme = tier_scheme(connection, as_of)
            for customer, score in sorted(told.nights[as_of].value_scores.items())[::10]:
                card = read_card(connection, told.settings, as_of, customer)
                assert card.customer["value_score"] == score
                assert sum(one.contribution for one in card.indicators) == pytest.approx(score or 0, abs=1e-9)
                weights = {one.indicator_id: one.nominal_weight for one in card.missing}
                if score is not None:
                    assert sum(weights.values()) == pytest.approx(1 - card.customer["coverage"], abs=1e-9)
                    assert len(card.indicators) == 30
                page = card_page(card, scheme)
                assert (customer if card.customer["customer_name"] is None else "<h1>") in page
                assert not re.search(r"(src|href|url)\s*[=(]\s*['\"]?\w+:", page.replace("http://www.w3.org", ""))


def cvp(*arguments: str, expect: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == expect, done.output
    return done.output


def test_the_command_shows_the_card_and_writes_the_page(told, tmp_path: Path):
    customer = max(told.nights[NIGHTS[-1]].scores)
    page = tmp_path / "card.html"
    output = cvp("explain", customer, "--html", str(page))
    for words in (customer, "Gross margin, 12 months", "Current value", "risk of leaving", str(page.name)):
        assert words in output.replace("\n", "")
    text = page.read_text("utf-8")
    assert all(words in text for words in LINES_OF_TITLE)
    assert "近12个月毛利" in text
    past = cvp("explain", customer, "--as-of", str(NIGHTS[0]))
    assert "Gross margin, 12 months" in past
    for wrong in (
        ["nobody of that name"],
        [customer, "--as-of", "2001-01-01"],
        [customer, "--as-of", "soon"],
        [customer, "--html", "/nowhere/card.html"],
    ):
        cvp("explain", *wrong, expect=2)


def test_the_command_compares_two_nights(told):
    output = cvp("diff", str(NIGHTS[0]), str(NIGHTS[-1]))
    for words in (f"from {NIGHTS[0]} to {NIGHTS[-1]}", "different calibrations", "what did most of it"):
        assert words in output
    assert f"{NIGHTS[0]} does not come after {NIGHTS[-1]}" in cvp("diff", str(NIGHTS[-1]), str(NIGHTS[0]), expect=2)
    cvp("diff", str(NIGHTS[0]), "2001-01-01", expect=2)


def test_of_a_date_published_twice_only_the_last_publication_can_be_compared(told):
    day = NIGHTS[0]
    assert f"{day} is both nights: name two published nights" in cvp("diff", str(day), str(day), expect=2)
    runs = "insert into control.run (run_id, as_of_date, source_systems, started_at, finished_at, status) values"
    stamps = {"first publication": "2024-02-01 03:00:00+00", "second publication": "2024-02-01 09:30:00+00"}
    with told.engine.begin() as connection:
        before = connection.scalar(
            sa.text("select count(*) from control.run where as_of_date = :day and status = 'published'"), {"day": day}
        )
        for name, at in stamps.items():
            connection.execute(
                sa.text(f"{runs} (:name, :day, '{{}}', :at, :at, 'published')"), {"name": name, "day": day, "at": at}
            )
    try:
        output = " ".join(cvp("diff", str(day), str(day), expect=2).split())
    finally:
        with told.engine.begin() as connection:
            connection.execute(sa.text("delete from control.run where run_id = any(:names)"), {"names": list(stamps)})
    assert f"{day} was published {before + 2} times, and of a date only the last publication is kept" in output
    assert f"`cvp replay {day} --known-at 2024-02-01T" in output


def test_a_share_that_nobody_knows_is_not_spoken_of():
    share = {"override_reason": None, "is_active": True, "company_rank": 1, "value_score": 1.0}
    before = {**share, "tier": "core", "margin_share": None, "volume_share": 0.1}
    after = {**share, "tier": "general", "margin_share": None, "volume_share": 0.05}
    assert nights._because(before, after, "core") == "volume share 10.000 % to 5.000 %"
    assert nights._because({**before, "volume_share": None}, {**after, "volume_share": None}, "core") == ""
    half = nights._because({**before, "margin_share": 0.2}, after, "core")
    assert half.startswith("margin share 20.000 % to ")
