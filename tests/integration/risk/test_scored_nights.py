"""A model that won scores the next night, and the night is replayed with the model that scored it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipelines import risk
from pipelines.evaluate.replay import replay_night
from pipelines.night import steps
from pipelines.risk.learners import ArtefactError
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.integration.risk.timing import AS_OF
from tests.reference import timings
from tests.reference.companies import write_folder

TRAINED, SCORED = AS_OF, AS_OF + timedelta(days=1)


@pytest.fixture(scope="module")
def nights(module_warehouse: Warehouse, tmp_path_factory) -> Iterator[tuple[Warehouse, risk.Training]]:
    """A night by the table of cells, a training that a model wins, the night that it scores."""
    folder = tmp_path_factory.mktemp("complaints") / "source"
    write_folder(timings.unsettled_complaints(SCORED), folder)
    with driver.settings_for(folder, module_warehouse.settings.warehouse_database):
        steps.run_night("before", TRAINED, [driver.SOURCE])
        training = risk.train(module_warehouse.settings, module_warehouse.engine)
        steps.run_night("scored", SCORED, [driver.SOURCE])
        yield module_warehouse, training


def _published(warehouse: Warehouse, columns: str, as_of: object) -> list[sa.Row]:
    statement = f"select {columns} from published.customer_tier_history where as_of_date = :day"
    with warehouse.engine.connect() as connection:
        return list(connection.execute(sa.text(statement), {"day": as_of}))


def _version(training: risk.Training) -> int:
    kinds = [one.kind for one in training.candidates]
    assert training.chosen is not None
    return training.versions[kinds.index(training.chosen)]


def test_the_night_after_a_model_won_is_scored_by_it_and_says_so(nights):
    warehouse, training = nights
    found = {
        day: {row[0] for row in _published(warehouse, "distinct churn_model_version", day)} for day in (TRAINED, SCORED)
    }
    version = str(_version(training))
    assert found == {TRAINED: {"cells"}, SCORED: {version}}
    scores = {row["customer_id"]: row for row in driver.read(warehouse.engine, "control.churn_model_score")
              if row["snapshot_on"] == SCORED}  # fmt: skip
    validated = {
        row.customer_id: row.churn_probability
        for row in _published(warehouse, "*", SCORED)
        if row.churn_status == "validated"
    }
    assert len(validated) > 100
    assert validated == pytest.approx({name: scores[name]["probability"] for name in validated}, abs=1e-12)


@pytest.mark.parametrize("as_of", [TRAINED, SCORED])
def test_a_night_is_replayed_with_the_model_that_scored_it(nights, as_of):
    """The scores that lie in `control` are spoiled: a replay that took them would differ."""
    warehouse, _ = nights
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("update control.churn_model_score set probability = 1 - probability"))
    before = driver.read(warehouse.engine, "control.churn_model_score")
    found = replay_night(warehouse.settings, warehouse.engine, as_of)
    assert found.is_equal, found.differences[:10]
    rows = {one.table: one.rows_rebuilt for one in found.compared}
    assert min(rows["churn_track_record"], rows["churn_reason_history"], rows["customer_tier_history"]) > 0
    assert driver.read(warehouse.engine, "control.churn_model_score") == before


def test_a_night_whose_model_was_changed_since_is_not_replayed(nights):
    warehouse, training = nights
    change = sa.text(
        "update control.churn_model set artefact = jsonb_set(artefact, '{kind}', :kind) where version = :v"
    )
    with warehouse.engine.begin() as connection:
        connection.execute(change, {"kind": '"another"', "v": _version(training)})
    with pytest.raises(ArtefactError, match="artefact was changed"):
        replay_night(warehouse.settings, warehouse.engine, SCORED)
    with warehouse.engine.begin() as connection:
        connection.execute(change, {"kind": f'"{training.chosen}"', "v": _version(training)})
