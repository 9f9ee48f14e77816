"""Trained models beside the table of cells, on companies whose timing is known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipelines import risk, transform
from pipelines.risk import choices
from pipelines.risk.learners import BOOSTING, ArtefactError, fingerprint, fit, score
from pipelines.risk.measures import Judge, Outcomes, Scores
from pipelines.warehouse.schema import CHURN_MODEL, CHURN_MODEL_CHOICE, NIGHT, RUN
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.integration.risk import timing
from tests.reference import timings


@pytest.fixture(scope="module")
def ruled(module_warehouse: Warehouse) -> Warehouse:
    """A warehouse that holds the rules."""
    timing.load_rules(module_warehouse)
    return module_warehouse


def _models(warehouse: Warehouse) -> list[sa.Row]:
    with warehouse.engine.connect() as connection:
        return list(connection.execute(sa.select(CHURN_MODEL).order_by(CHURN_MODEL.c.version)))


def _forget_models(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("truncate control.churn_model, control.churn_model_choice"))


def test_where_timing_is_noise_nothing_ranks_and_no_model_is_chosen(ruled):
    _forget_models(ruled)
    timing.land(ruled, timings.pure_noise(timing.AS_OF))
    training = risk.train(ruled.settings, ruled.engine)
    for name in ("cells", "recency", "logistic_regression", "gradient_boosting"):
        auc = training.figures[name]["auc"]
        assert auc.low < 0.5 < auc.high, name
        lift = training.figures[name]["lift_top_10"]
        assert lift.low < 1 < lift.high, name
    assert training.chosen is None
    assert [row.is_chosen for row in _models(ruled)] == [False, False]
    with ruled.engine.connect() as connection:
        assert choices.choice_for(connection, timing.AS_OF + timedelta(days=1)) is None


def test_a_broken_rhythm_is_seen_by_the_table(ruled):
    _forget_models(ruled)
    timing.land(ruled, timings.broken_rhythm(timing.AS_OF))
    figures = risk.train(ruled.settings, ruled.engine).figures["cells"]
    assert figures["auc"].low > 0.9
    assert figures["lift_top_10"].low > 2


@pytest.fixture(scope="module")
def won(ruled) -> tuple[Warehouse, risk.Training]:
    """A company in which only complaints tell who leaves: the table cannot see them, so a model wins."""
    _forget_models(ruled)
    timing.land(ruled, timings.unsettled_complaints(timing.AS_OF))
    return ruled, risk.train(ruled.settings, ruled.engine)


def test_a_model_that_sees_more_wins_and_is_in_force_from_the_next_night(won):
    warehouse, training = won
    assert training.chosen is not None
    chosen = [row for row in _models(warehouse) if row.is_chosen]
    assert len(chosen) == 1
    assert chosen[0].kind == training.chosen
    assert chosen[0].figures["difference"]["auc"][1] > 0
    # of two models that are tried, each by half of the 5 %
    assert chosen[0].figures["interval"] == 0.975
    # nothing that it was tried on had it learnt from: the newest outcome it knows lies before the oldest tried slice
    assert chosen[0].known_from.isoformat() <= chosen[0].figures["tried_from"]
    with warehouse.engine.connect() as connection:
        next_night = timing.AS_OF + timedelta(days=1)
        assert risk.model_for(connection, next_night, 180) == chosen[0].version
        assert risk.model_for(connection, timing.AS_OF, 180) is None
        assert risk.model_for(connection, next_night, 90) is None


def test_training_again_gives_the_same_numbers_and_adds_nothing(won):
    warehouse, _ = won
    before = _models(warehouse)
    again = risk.train(warehouse.settings, warehouse.engine)
    assert [fingerprint(one.artefact) for one in again.candidates] == [row.artefact_sha256 for row in before]
    assert list(again.versions) == [row.version for row in before]
    assert _models(warehouse) == before
    with warehouse.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from control.churn_model_choice")) == 1


def test_the_model_in_force_scores_the_night_and_is_judged_where_it_has_not_learnt(won):
    warehouse, _ = won
    model = next(row for row in _models(warehouse) if row.is_chosen)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(NIGHT).values(churn_model_version=model.version))
    for layer in ("staging", "intermediate", "slices"):
        transform.build_layer(warehouse.settings, layer)
    assert risk.score_night(warehouse.settings, warehouse.engine) > 0
    transform.build_layer(warehouse.settings, "churn")
    rows = driver.read(warehouse.engine, "churn.churn_record")
    recorded = {row["snapshot_on"] for row in driver.read(warehouse.engine, "slices.churn_slice") if row["is_recorded"]}
    assert model.known_from in recorded
    assert {row["snapshot_on"] for row in rows} == {day for day in recorded if day >= model.known_from}
    scores = {
        (row["snapshot_on"], row["customer_id"]): row["probability"]
        for row in driver.read(warehouse.engine, "control.churn_model_score")
    }
    now = [row for row in driver.read(warehouse.engine, "churn.churn_prediction") if row["slice"] == 0]
    assert sum(not row["is_dormant"] for row in now) > 100
    for row in rows + [row for row in now if not row["is_dormant"]]:
        assert float(row["probability"]) == pytest.approx(scores[row["snapshot_on"], row["customer_id"]], abs=1e-12)


def test_measures_in_python_are_those_of_the_published_record(won):
    warehouse, _ = won
    rows = driver.read(warehouse.engine, "churn.churn_record")
    probability = np.array([float(row["probability"]) for row in rows])
    outcomes = Outcomes(
        np.array([row["is_churned"] for row in rows]),
        np.array([float(row["margin_12m"]) for row in rows]),
        np.arange(len(rows)),
    )
    flagged = np.array([row["risk_level"] != "low" for row in rows])
    found = Judge(Scores(probability, flagged), outcomes).measure(np.ones(len(rows)))
    recency = Judge(Scores(np.array([float(row["days_since_order"]) for row in rows])), outcomes)
    in_sql = {
        row["score"]: row for row in driver.read(warehouse.engine, "churn.churn_record_group")
        if row["tier_group"] == "all"
    }  # fmt: skip
    for measure in ("auc", "lift_top_10", "calibration_error"):
        assert found[measure] == pytest.approx(float(in_sql["probability"][measure]), abs=1e-9), measure
    assert recency.measure(np.ones(len(rows)))["auc"] == pytest.approx(float(in_sql["recency"]["auc"]), abs=1e-9)
    level = next(
        row for row in driver.read(warehouse.engine, "churn.churn_record_level")
        if (row["tier_group"], row["risk_level"]) == ("all", "all")
    )  # fmt: skip
    expected = float(level["lost_margin_flagged"]) / float(level["lost_margin"])
    assert found["lost_margin_flagged_share"] == pytest.approx(expected, abs=1e-9)


def test_an_artefact_is_the_same_after_postgresql_has_kept_it(ruled):
    """A cut at infinity, which parts known from unknown, comes back as 309 digits without a point."""
    dice = np.random.default_rng(4)
    features = dice.normal(size=(400, 3))
    features[dice.random(400) < 0.5, 1] = np.nan
    artefact = fit(BOOSTING, features, np.isnan(features[:, 1]))
    assert max(cut for tree in artefact["trees"] for cut in tree["cut"]) > 1e300
    with ruled.engine.connect() as connection:
        kept = connection.scalar(sa.select(sa.literal(artefact, JSONB)))
    assert fingerprint(kept) == fingerprint(artefact)
    assert np.array_equal(score(kept, features), score(artefact, features))


def test_a_changed_artefact_is_refused(won):
    warehouse, _ = won
    model = next(row for row in _models(warehouse) if row.is_chosen)
    with warehouse.engine.connect() as connection:
        connection.execute(
            sa.update(CHURN_MODEL)
            .where(CHURN_MODEL.c.version == model.version)
            .values(artefact=model.artefact | {"intercept": 0.0, "baseline": 0.0})
        )
        with pytest.raises(ArtefactError, match="artefact was changed"):
            risk.score_slices(connection, model.version, lambda name: name)
        connection.rollback()


def test_a_model_of_other_features_is_refused(won):
    warehouse, _ = won
    model = next(row for row in _models(warehouse) if row.is_chosen)
    this = CHURN_MODEL.c.version == model.version
    with warehouse.engine.connect() as connection:
        connection.execute(sa.update(CHURN_MODEL).where(this).values(features=[*model.features[1:], "shoe_size"]))
        with pytest.raises(ArtefactError, match="trained on other features"):
            risk.score_slices(connection, model.version, lambda name: name)
        connection.rollback()


def test_a_model_never_scores_the_night_that_it_was_trained_on_whatever_is_chosen(won):
    warehouse, _ = won
    choice = {"author": "by hand", "reason": "a mistake", "made_at": sa.func.clock_timestamp()}
    row = sa.insert(CHURN_MODEL_CHOICE).values(version=1, active_from_on=timing.AS_OF, **choice)
    with warehouse.engine.connect() as connection:
        connection.execute(row)
        assert risk.model_for(connection, timing.AS_OF, 180) is None
        connection.rollback()


def test_it_is_trained_on_the_newest_published_night(won):
    """A date before the newest was published again just now."""
    warehouse, _ = won
    again = {
        "run_id": "again", "as_of_date": timing.AS_OF - timedelta(days=9), "source_systems": [driver.SOURCE],
        "started_at": sa.func.clock_timestamp(), "status": "published", "night": {"as_of_date": "2025-06-21"},
    }  # fmt: skip
    with warehouse.engine.connect() as connection:
        connection.execute(sa.insert(RUN).values(again))
        assert risk.night_date(risk.published_night(connection)) == timing.AS_OF
        connection.rollback()


def test_a_persons_choice_stands_until_it_is_given_back(won):
    """What a training found better and did not put in force is not called chosen."""
    warehouse, _ = won
    _forget_models(warehouse)
    next_night = timing.AS_OF + timedelta(days=1)
    with warehouse.engine.begin() as connection:
        choices.choose(connection, None, next_night, "Li Na", "we do not trust it yet")
    assert "stands" in risk.train(warehouse.settings, warehouse.engine).decision
    assert [row.is_chosen for row in _models(warehouse)] == [False, False]
    with warehouse.engine.begin() as connection:
        assert risk.model_for(connection, next_night, 180) is None
        choices.choose(connection, None, next_night, choices.TRAINING, "given back")
    training = risk.train(warehouse.settings, warehouse.engine)
    chosen = [row for row in _models(warehouse) if row.is_chosen]
    assert [row.kind for row in chosen] == [training.chosen]
    with warehouse.engine.connect() as connection:
        assert risk.model_for(connection, next_night, 180) == chosen[0].version


def test_a_model_is_refused_where_it_is_not_there_or_has_seen_the_night(won):
    warehouse, _ = won
    with warehouse.engine.connect() as connection:
        with pytest.raises(choices.ChoiceRefused, match="no churn model 999"):
            choices.choose(connection, 999, timing.AS_OF, "Li Na", "a try")
        with pytest.raises(choices.ChoiceRefused, match="from 2025-07-01 on"):
            choices.choose(connection, 1, timing.AS_OF, "Li Na", "a try")


def test_too_little_history_is_said_and_changes_nothing(ruled):
    _forget_models(ruled)
    timing.land(ruled, timings.pure_noise(timing.AS_OF, customers=10))
    training = risk.train(ruled.settings, ruled.engine)
    assert training.candidates == ()
    assert "too little history" in training.decision
    assert _models(ruled) == []
