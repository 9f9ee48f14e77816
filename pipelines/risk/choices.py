"""Which model is in force on a date: `control.churn_model_choice`, written by the monthly training or by a person."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from pipelines.warehouse.schema import CHURN_MODEL, CHURN_MODEL_CHOICE

TRAINING = "training"
CELLS, AUTOMATIC = "cells", "automatic"


class ChoiceRefused(Exception):
    """The model cannot be put in force; the message says why."""


def choice_for(connection: sa.Connection, as_of: date) -> sa.Row[tuple[object, ...]] | None:
    """The choice that applies to a date: the newest that is active by then; None before the first."""
    return connection.execute(
        sa.select(CHURN_MODEL_CHOICE)
        .where(CHURN_MODEL_CHOICE.c.active_from_on <= as_of)
        .order_by(CHURN_MODEL_CHOICE.c.active_from_on.desc(), CHURN_MODEL_CHOICE.c.choice_id.desc())
        .limit(1)
    ).first()


def model_for(connection: sa.Connection, as_of: date, horizon_days: int) -> int | None:
    """The version that scores the night of a date; None: the table of cells.

    A model of another horizon answers another question, and one that was trained on that date or later has seen what
    came of it: neither is in force, whatever was chosen.
    """
    choice = choice_for(connection, as_of)
    if choice is None or choice.version is None:
        return None
    fitting = sa.and_(CHURN_MODEL.c.horizon_days == horizon_days, CHURN_MODEL.c.trained_as_of < as_of)
    return connection.scalar(sa.select(CHURN_MODEL.c.version).where(CHURN_MODEL.c.version == choice.version, fitting))


def choose(connection: sa.Connection, version: int | None, active_from: date, author: str, reason: str) -> None:
    """Put a model (None: the table of cells) in force from a date on.

    Raises:
        ChoiceRefused: there is no such model, or it was trained on that date or later.
    """
    if version is not None:
        trained = connection.scalar(sa.select(CHURN_MODEL.c.trained_as_of).where(CHURN_MODEL.c.version == version))
        if trained is None:
            raise ChoiceRefused(f"there is no churn model {version}: `cvp churn models` lists them")
        if active_from <= trained:
            raise ChoiceRefused(
                f"churn model {version} was trained on the night of {trained}: it can score nights from"
                f" {trained + timedelta(days=1)} on"
            )
    connection.execute(
        sa.insert(CHURN_MODEL_CHOICE).values(
            version=version, active_from_on=active_from, author=author, reason=reason,
            made_at=sa.func.clock_timestamp(),
        )
    )  # fmt: skip


def is_a_persons(choice: sa.Row[tuple[object, ...]] | None) -> bool:
    """Whether a person decided it, so that training leaves it alone."""
    return choice is not None and choice.author != TRAINING
