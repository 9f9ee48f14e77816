"""What the DAGs share: owner, time-outs, retries, and the schedule's zone. Nothing here touches a database."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.exceptions import AirflowFailException
from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback
from mail_carrier import report_late_night

from pipelines.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

ZONE = get_settings().time_zone
START = pendulum.datetime(2024, 1, 1, tz=ZONE)
# 02:00 exists on every day of every zone in use, and the sources' own batches have ended by then.
NIGHTLY = "0 2 * * *"
# after the night, when its slices are there
MONTHLY = "0 5 2 * *"
# A night that is queued on time and not over by the settings' deadline hour is late. In a foreground run nobody would
# notice, and Airflow 3.3 cannot end one that has a deadline: its tasks succeed, the run stays `running` for ever.
DEADLINE = (
    None
    if get_settings().is_foreground_run
    else DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=get_settings().deadline_hour - 2),
        callback=SyncCallback(report_late_night),
    )
)
DEFAULT_ARGS: dict[str, Any] = {
    "owner": "customer-value",
    "retries": 0,
    "execution_timeout": timedelta(hours=1),
}
# A source that is down for some minutes is the common fault of a night; everything after it fails for a reason.
EXTRACTION_RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
}


def as_of_date(context: dict[str, Any]) -> date:
    """The evaluated date: the param where one is given, else the day before the data interval's end.

    A run that is triggered by hand without a logical date has no interval; it goes by the time it was due.
    """
    from datetime import date

    from pipelines.night.steps import business_date_before

    given = context["params"].get("as_of_date")
    if given:
        return date.fromisoformat(given)
    end = context.get("data_interval_end") or context["dag_run"].run_after
    return business_date_before(end, get_settings())


def no_retry_on_lasting_faults(call: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a fault that waiting cannot mend (a wrong mapping) into one that Airflow does not retry."""

    @wraps(call)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except Exception as error:
            if getattr(error, "is_lasting", False):
                raise AirflowFailException(str(error)) from error
            raise

    return guarded
