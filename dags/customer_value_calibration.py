"""### Calibration: propose a version and compare it with the one in force; a person activates it

**Purpose.** What indicators weigh and how values become points is a decision, made by people and reviewed before it
applies. This run makes a new version from the judgement files and a population, evaluates the newest published night
under it and under the one in force, and writes a report of who would change tier, with how much margin, and why.

**Inputs.** The judgement sets of the settings (param `judgement_sets`: others), the landed rows as of `population_date`
(empty: the newest published night), evaluated aside: the night's own tables are neither read nor written.
**Outputs.** `control.calibration*`, the report under `calibration/` of the instance folder (the compare task's log and
return value name it).

**Activation.** Never by itself. After reading the report start this DAG again with `activate_version` (and author and
reason): then that version applies from `active_from` on (empty: the day after the newest published night), and nothing
is proposed. `cvp calibration activate` does the same.

**When.** By hand: after an edit of the judgements, a new indicator, or when the population has changed.

**Safe to run again.** Yes: every run adds a version; nothing is overwritten, published nights keep theirs.

**When it fails.** What was in force stays in force. A contradiction in the judgements is refused with its node, the
judgement that hurts most and the value that would mend it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from night_defaults import DEFAULT_ARGS, START


def params() -> dict[str, Any]:
    return dict(get_current_context()["params"])


def day(name: str) -> date | None:
    text = params().get(name)
    return date.fromisoformat(text) if text else None


@task.branch
def choose_act() -> str:
    return "propose_calibration" if params().get("activate_version") is None else "activate_calibration"


@task
def propose_calibration() -> int:
    from pipelines.calibrate.proposal import Proposal, propose
    from pipelines.settings import get_settings
    from pipelines.warehouse.connection import warehouse_engine

    settings, given = get_settings(), params()
    asked = Proposal(
        given["author"], given["reason"], day("population_date"), given["judgement_sets"], None, given["objective"]
    )
    return propose(settings, warehouse_engine(settings), asked)


@task
def compare_calibration(version: int) -> str:
    from pipelines.calibrate.comparison_report import compare_and_report
    from pipelines.settings import get_settings
    from pipelines.warehouse.connection import warehouse_engine

    settings = get_settings()
    return str(compare_and_report(settings, warehouse_engine(settings), version)[1])


@task
def activate_calibration() -> str:
    from pipelines.calibrate.activation import activate
    from pipelines.settings import get_settings
    from pipelines.warehouse.connection import warehouse_engine

    given = params()
    engine = warehouse_engine(get_settings())
    done = activate(engine, given["activate_version"], given["author"], given["reason"], day("active_from"))
    return f"calibration {done.version} applies from {done.active_from} on"


@dag(
    dag_id="customer_value_calibration",
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["customer value"],
    params={
        "author": Param(None, type="string", minLength=1, description="who decides"),
        "reason": Param(None, type="string", minLength=1, description="why, in words"),
        "population_date": Param(None, type=["null", "string"], format="date", description="whose customers"),
        "judgement_sets": Param(None, type=["null", "array"], description="sets in order of precedence, default last"),
        "objective": Param("none", enum=["none", "critic", "entropy"], description="what the population says of it"),
        "activate_version": Param(None, type=["null", "integer"], description="activate this version instead"),
        "active_from": Param(None, type=["null", "string"], format="date", description="first date it applies to"),
    },
)
def customer_value_calibration() -> None:
    proposed = propose_calibration()
    choose_act() >> [proposed, activate_calibration()]
    compare_calibration(proposed)


customer_value_calibration()
