"""### Churn training: models that challenge the table of cells

**Purpose.** Train a logistic regression and gradient boosting on the closed slices of the newest published night, try
both beside the table of cells on slices that none of them has seen, and put one in force only where it ranks better and
is nearer to what happened by more than its interval. Otherwise the table stays, or comes back.

**Inputs.** The landed rows, evaluated aside: the night's own tables are neither read nor written.
**Outputs.** `control.churn_model` (artefact, training window, features, figures, decision) and, where something
changes, `control.churn_model_choice`. The next night scores with what is in force then.

**When.** 05:00 on the second of each month: after the night. Monthly, because a slice more tells little.

**Safe to run again.** Yes: on the same night and landed rows it finds its own models and adds nothing.
A choice that a person made (`cvp churn use`) is left alone.

**When it fails.** What was in force stays in force. Too little history is no failure.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task
from airflow.timetables.trigger import CronTriggerTimetable
from night_defaults import DEFAULT_ARGS, MONTHLY, START, ZONE


@task(execution_timeout=timedelta(hours=2))
def train_churn_models() -> str:
    from pipelines import risk
    from pipelines.settings import get_settings
    from pipelines.warehouse.connection import warehouse_engine

    settings = get_settings()
    return risk.train(settings, warehouse_engine(settings)).decision


@dag(
    dag_id="customer_value_churn_training",
    schedule=CronTriggerTimetable(MONTHLY, timezone=ZONE),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["customer value"],
)
def customer_value_churn_training() -> None:
    train_churn_models()


customer_value_churn_training()
