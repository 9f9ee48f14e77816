"""### Replay: evaluate a range of past dates again, in order

**Purpose.** Publish the nights from `from_date` to `to_date` one after the other, oldest first, from what is landed now
and what the sources still deliver. Only the last date's mails are written, and only where it is the newest. Stops at
the first date that fails; the dates before it are published.

**Safe to run again.** Yes: each date replaces its own rows and leaves later ones alone. By hand only.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from mail_carrier import open_client
from night_defaults import DEFAULT_ARGS, START

from pipelines.night import steps


@task(execution_timeout=timedelta(hours=12))
def replay_nights() -> None:
    context: dict[str, Any] = dict(get_current_context())
    params = context["params"]
    first, last = date.fromisoformat(params["from_date"]), date.fromisoformat(params["to_date"])
    steps.replay_nights(context["run_id"], first, last, params.get("sources"), open_client)


@dag(
    dag_id="customer_value_replay",
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["customer value"],
    params={
        "from_date": Param(None, type="string", format="date", description="first date to evaluate"),
        "to_date": Param(None, type="string", format="date", description="last date to evaluate"),
        "sources": Param(None, type=["null", "array"], description="read these mappings only"),
    },
)
def customer_value_replay() -> None:
    replay_nights()


customer_value_replay()
