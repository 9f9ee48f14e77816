"""### The night: from the source systems to the published tiers

**Purpose.** Score every customer as of one business date, tier the base, estimate who is about to leave, and publish.

**Inputs.** The source systems that the settings place (`sources`, `active_sources`), read through their mapping files.
**Outputs.** Schema `published` of the warehouse; mails to those whose customers need looking after; validation reports
under the instance folder.

**When.** 02:00 in the company's time zone: the business day is over and the sources' own batches have ended. The
as-of date is the day before the end of the data interval; param `as_of_date` evaluates another date, param `sources`
other mappings.

**Safe to run again.** Every task. Publishing the same date replaces that night; an earlier date leaves later ones be.

**When it fails.** Yesterday's publication stands and operations get one mail; when it is late, likewise (the deadline,
and `cvp watch` from outside). `cvp status` names the step and the reason: a source that is down (clear the extraction
task), too many rejected rows or a failed gate (mend the source, or change the rule with a reason, then start the run
again), a model or a data test (the message names it). A mail server that is down fails nothing: mails wait in the
outbox. A run killed half-way needs nothing: start the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, chain, dag
from airflow.timetables.interval import CronDataIntervalTimetable
from night_defaults import DEADLINE, DEFAULT_ARGS, NIGHTLY, START, ZONE
from night_tasks import (
    build_layer,
    check_rejections,
    close_night,
    ensure_calibration,
    extract_source,
    list_sources,
    measure_tier_support,
    open_night,
    publish_tiers,
    score_churn_model,
    send_alerts,
    validate_candidates,
    validate_landing,
)


@dag(
    dag_id="customer_value_nightly",
    schedule=CronDataIntervalTimetable(NIGHTLY, timezone=ZONE),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    deadline=DEADLINE,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["customer value"],
    params={
        "as_of_date": Param(None, type=["null", "string"], format="date", description="evaluate this date instead"),
        "sources": Param(None, type=["null", "array"], description="read these mappings only"),
    },
)
def customer_value_nightly() -> None:
    night = open_night()

    def layer(name: str, task_id: str | None = None) -> Any:
        return build_layer.override(task_id=task_id or f"build_{name}")(night, name)

    chain(
        night,
        extract_source.partial(night=night).expand(source=list_sources(night)),
        check_rejections(night),
        validate_landing(night),
        layer("staging"),
        layer("intermediate"),
        layer("indicators"),
        ensure_calibration(night),  # before the scores: the first night has none to apply
        layer("scores"),
        layer("slices"),
        score_churn_model(night),  # between the situations it rests on and the levels that rest on it
        layer("churn"),
        layer("tiers"),
        measure_tier_support(night),
        layer("published", "build_candidates"),
        validate_candidates(night),
        publish_tiers(night),  # the only task that touches what readers see
        send_alerts(night),
        close_night(),
    )


customer_value_nightly()
