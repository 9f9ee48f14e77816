"""The night's step: score customers and the closed slices that the model in force has not learnt from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from pipelines import transform
from pipelines.risk.learners import ArtefactError, fingerprint, score
from pipelines.risk.sample import FEATURES, ROWS_A_PART, Floats, Relation, feature_columns
from pipelines.settings import Settings
from pipelines.warehouse.schema import CHURN_MODEL, NIGHT

log = logging.getLogger(__name__)

_FEATURES = """
    select feature.snapshot_on, feature.customer_id, {columns}
    from {feature} as feature
    inner join {slice} as slice on feature.slice = slice.slice
    where not slice.is_closed or (slice.is_recorded and slice.snapshot_on >= :known_from)
"""


def score_night(settings: Settings, engine: sa.Engine) -> int:
    """Replace `control.churn_model_score` by tonight's scores; 0 rows where the table of cells is in force.

    Raises:
        ArtefactError: the stored artefact is not what was stored, or wants features that are not there.
    """
    with engine.begin() as connection:
        version = connection.scalar(sa.select(NIGHT.c.churn_model_version))
        connection.execute(sa.text("delete from control.churn_model_score"))
    if version is None:
        return 0
    transform.build_layer(settings, "challenger")
    with engine.begin() as connection:
        return score_slices(connection, version, lambda name: name)


def score_slices(connection: sa.Connection, version: int, relation: Relation) -> int:
    """Score the evaluated date and every recorded slice from the day on when all that was learnt was known.

    Args:
        relation: where the models' and `control`'s tables stand, by name; an evaluation aside has its own.

    Returns:
        Rows written to `control.churn_model_score`, which is emptied before.
    """
    model = connection.execute(sa.select(CHURN_MODEL).where(CHURN_MODEL.c.version == version)).one()
    if fingerprint(model.artefact) != model.artefact_sha256:
        raise ArtefactError(f"churn model {version} is not the one that was stored: its artefact was changed")
    if list(model.features) != list(FEATURES):
        raise ArtefactError(
            f"churn model {version} was trained on other features: train anew, or `cvp churn use cells`"
        )
    statement = _FEATURES.format(
        columns=feature_columns("feature"),
        feature=relation("challenger.challenger_feature"),
        slice=relation("slices.churn_slice"),
    )
    target = relation("control.churn_model_score")
    connection.execute(sa.text(f"delete from {target}"))
    streamed = {"stream_results": True}
    rows = connection.execute(sa.text(statement), {"known_from": model.known_from}, execution_options=streamed)
    count = 0
    for part in rows.partitions(ROWS_A_PART):
        values = np.array([row[2:] for row in part], dtype=np.float64)  # None: NaN
        _write(connection, target, part, score(model.artefact, values))
        count += len(part)
    connection.execute(sa.text(f"analyze {target}"))
    log.info("churn model %d scored %d customer-slices", version, count)
    return count


def _write(connection: sa.Connection, target: str, rows: Sequence[sa.Row[Any]], scores: Floats) -> None:
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    with (
        driver.cursor() as cursor,
        cursor.copy(f"copy {target} (snapshot_on, customer_id, probability) from stdin") as copy,
    ):
        for row, probability in zip(rows, scores, strict=True):
            copy.write_row((row.snapshot_on, row.customer_id, float(probability)))
