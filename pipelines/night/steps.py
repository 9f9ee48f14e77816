"""The steps of a night, each one call: what the DAG's tasks run, and what a replay runs in order.

Every step can be run again. Data flows one way: sources -> landing -> staging -> intermediate -> indicators -> scores
-> slices -> churn -> tiers -> candidates -> published.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipelines import alert, calibrate, evaluate, extract, publish, risk, transform, trust, validate
from pipelines.night import ledger
from pipelines.settings import Settings, SettingsError, get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.schema import NIGHT, RUN

log = logging.getLogger(__name__)


class NightFailed(Exception):
    """The night was not published; the message names the step and its reason."""


class NightRefused(Exception):
    """The night does not fit this warehouse; nothing was touched."""


@dataclass(frozen=True)
class Night:
    """One run's coordinates, handed from step to step (plain values: Airflow stores them)."""

    run_id: str
    as_of_date: date
    sources: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """As Airflow keeps it between tasks."""
        return {"run_id": self.run_id, "as_of_date": self.as_of_date.isoformat(), "sources": list(self.sources)}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> Night:
        """The inverse of `to_json`."""
        return cls(
            str(value["run_id"]), date.fromisoformat(str(value["as_of_date"])), tuple(value["sources"])  # type: ignore[arg-type]
        )  # fmt: skip


def business_date_before(instant: datetime, settings: Settings) -> date:
    """The as-of date of a night that runs at `instant`: the day before, in the company's time zone."""
    return instant.astimezone(settings.zone).date() - timedelta(days=1)


def dates_between(first: date, last: date) -> list[date]:
    """Every date from `first` to `last`, both included; ValueError where `last` lies before `first`."""
    if last < first:
        raise ValueError(f"no date to evaluate: {last} lies before {first}")
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def open_night(run_id: str, as_of: date, sources: list[str] | None = None) -> Night:
    """Prepare the warehouse, enter the run and set the night's parameters.

    Raises:
        RunRefused: another run is at work.
        NightRefused: the warehouse holds another company's nights.
        SettingsError, MappingError, ExtractionError: no source is configured, a mapping is wrong, a source not placed.
    """
    settings = get_settings()
    engine = warehouse_engine(settings)
    with _opening(settings, engine, sources) as (connection, names):
        ledger.start_run(connection, run_id, as_of, names)
        _set_night(connection, settings, run_id, as_of, names)
        before = publish.previous_night(connection, settings, as_of)
    alert.note_failed_runs(engine, settings)  # of a run before that died without a word
    with ledger.step(engine, run_id, "open_night"):
        ended = transform.stop_leftovers(engine)
        evaluate.drop_leftovers(engine)
    log.info("night of %s opened: run %s, night before %s, %d leftover sessions ended", as_of, run_id, before, ended)
    return Night(run_id, as_of, tuple(names))


def _require_sources(settings: Settings, sources: list[str] | None) -> list[str]:
    """The mappings of the night, each read and checked, each placed by the settings; nothing is connected to."""
    names = sources or settings.night_sources
    if not names:
        raise SettingsError(
            "no source is configured: place one in the settings (`sources`),"
            " or run `cvp night --sources canonical=FOLDER`"
        )
    extract.list_extractions(settings, names)
    return list(names)


def require_openable(sources: list[str] | None = None) -> None:
    """What `open_night` would refuse, found before Airflow is started; raises as it does."""
    settings = get_settings()
    with _opening(settings, warehouse_engine(settings), sources):
        pass


@contextmanager
def _opening(
    settings: Settings, engine: sa.Engine, sources: list[str] | None
) -> Iterator[tuple[sa.Connection, list[str]]]:
    """A transaction on a warehouse of today's shape in which a night of these sources may begin, and their names."""
    names = _require_sources(settings, sources)
    alert.load_rules(settings)
    migrations.upgrade(engine)
    with ledger.exclusive(engine) as connection:
        _require_same_company(connection, names)
        yield connection, names


def _require_same_company(connection: sa.Connection, names: list[str]) -> None:
    """One warehouse database a company: a night of other sources altogether would be scored against its history."""
    rows = connection.execute(sa.select(RUN.c.source_systems).distinct().where(RUN.c.status == "published"))
    before = {name for row in rows for name in row.source_systems}
    if before and not before & set(names):
        raise NightRefused(
            f"this warehouse holds the nights of {', '.join(sorted(before))}, tonight's sources are {', '.join(names)}:"
            " give the other company a database of its own (CVP_WAREHOUSE_DATABASE=..., or another WAREHOUSE_URL)"
        )


def _set_night(connection: sa.Connection, settings: Settings, run_id: str, as_of: date, names: list[str]) -> None:
    values = {
        "run_id": run_id,
        "as_of_date": as_of,
        "source_systems": names,
        "company_time_zone": settings.time_zone,
        "reporting_currency": settings.reporting_currency,
        "active_window_months": settings.active_window_months,
        "capital_cost_rate": settings.capital_cost_rate,
        "tier_scheme": settings.tier_scheme,
        "churn_horizon_days": settings.churn_horizon_days,
        "churn_high_odds": settings.churn_high_odds,
        "churn_medium_odds": settings.churn_medium_odds,
        "churn_recorded_slices": None,
        "churn_model_version": risk.model_for(connection, as_of, settings.churn_horizon_days),
        "calibration_version": calibrate.calibration_for(connection, as_of),
        "indicator_formulas": sa.null(),
    }
    row = insert(NIGHT).values(is_current=True, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["is_current"], set_=values))
    # Every model joins this one row; without statistics the planner takes it for 135, three times over in one query.
    connection.execute(sa.text("analyze control.night"))


def _step(night: Night, name: str, work: Callable[[Settings, sa.Engine], object]) -> None:
    settings = get_settings()
    engine = warehouse_engine(settings)
    with ledger.step(engine, night.run_id, name):
        work(settings, engine)


def extract_source(night: Night, source: str) -> None:
    """Pull one source into landing, all its entities as they are at one moment."""
    _step(
        night,
        f"extract_source[{source}]",
        lambda settings, engine: extract.extract_source(settings, engine, source, night.run_id),
    )


def check_rejections(night: Night) -> None:
    """Stop the night where too many rows were set aside."""
    _step(night, "check_rejections", lambda settings, engine: extract.check_rejections(settings, engine, night.run_id))


def validate_landing(night: Night) -> None:
    """The gate on what was landed."""
    _step(night, "validate_landing", lambda settings, engine: validate.validate_landing(settings, engine, night.run_id))


def build_layer(night: Night, layer: str) -> None:
    """Build one layer of models and run its data tests."""

    def work(settings: Settings, engine: sa.Engine) -> None:
        transform.build_layer(settings, layer)
        if layer == "indicators":
            with engine.begin() as connection:
                formulas = transform.indicator_formulas(settings)
                own = sa.update(NIGHT).where(NIGHT.c.run_id == night.run_id)
                connection.execute(own.values(indicator_formulas=formulas))

    _step(night, f"build_{'candidates' if layer == 'published' else layer}", work)


def ensure_calibration(night: Night) -> None:
    """Make calibration version 1 where the warehouse has none; otherwise nothing."""

    def work(settings: Settings, engine: sa.Engine) -> None:
        calibrate.first_calibration(settings, engine, night.run_id, lambda: transform.build_layer(settings, "scores"))

    _step(night, "ensure_calibration", work)


def score_churn_model(night: Night) -> None:
    """Score customers with the trained churn model in force; nothing where the table of cells is."""
    _step(night, "score_churn_model", risk.score_night)


def measure_tier_support(night: Night) -> None:
    """How far each raw tier depends on the weights and lines: draws, and the smallest weight change that flips it."""
    _step(
        night,
        "measure_tier_support",
        lambda settings, engine: trust.measure_tier_support(engine, night.run_id),
    )


def validate_candidates(night: Night) -> None:
    """The gate on what is about to be published."""
    _step(
        night,
        "validate_candidates",
        lambda settings, engine: validate.validate_candidates(settings, engine, night.run_id),
    )


def publish_tiers(night: Night, *, is_told: bool = True) -> None:
    """Publish the night in one transaction, with its alerts and the mails that tell of them (`is_told`)."""

    def work(settings: Settings, engine: sa.Engine) -> None:
        def alerts(connection: sa.Connection, as_of: date) -> None:
            alert.write_alerts(connection, settings, as_of, is_told=is_told)

        publish.publish_night(engine, night.run_id, alerts)

    _step(night, "publish_tiers", work)


def send_alerts(night: Night, open_client: alert.ClientOpener | None = None) -> None:
    """Send the mails that wait; what a mail server does fails no night and stays in the outbox, reported.

    Args:
        open_client: opens the connection that carries them; by default one to the server of the setting `smtp_url`.
    """
    _step(night, "send_alerts", lambda settings, engine: alert.send_mails(engine, settings, open_client))


def settle_run(run_id: str, open_client: alert.ClientOpener | None = None) -> str:
    """Close the run's entry in the ledger, tell operations where the night failed; the run's status."""
    settings = get_settings()
    engine = warehouse_engine(settings)
    status = ledger.finish_run(engine, run_id)
    if status != "published":
        alert.note_failed_runs(engine, settings)
        alert.send_mails(engine, settings, open_client)
    return status


def close_night(run_id: str, open_client: alert.ClientOpener | None = None) -> None:
    """Settle the run.

    Raises:
        NightFailed: the night was not published.
    """
    status = settle_run(run_id, open_client)
    if status != "published":
        raise NightFailed(f"run {run_id} ended as {status}: see `cvp status`; the last published night stands")


def run_night(
    run_id: str,
    as_of: date,
    sources: list[str] | None = None,
    *,
    is_told: bool = True,
    open_client: alert.ClientOpener | None = None,
) -> None:
    """All steps in order, in this process: what a replay over a range of dates repeats."""
    night = open_night(run_id, as_of, sources)
    try:
        for source in night.sources:
            extract_source(night, source)
        check_rejections(night)
        validate_landing(night)
        for layer in ("staging", "intermediate", "indicators"):
            build_layer(night, layer)
        ensure_calibration(night)
        for layer in ("scores", "slices"):
            build_layer(night, layer)
        score_churn_model(night)
        for layer in ("churn", "tiers"):
            build_layer(night, layer)
        measure_tier_support(night)
        build_layer(night, "published")
        validate_candidates(night)
        publish_tiers(night, is_told=is_told)
        send_alerts(night, open_client)
    finally:
        settle_run(run_id, open_client)


def replay_nights(
    run_id: str,
    first: date,
    last: date,
    sources: list[str] | None = None,
    open_client: alert.ClientOpener | None = None,
) -> None:
    """Evaluate every date from `first` to `last`, oldest first; stops at the first that fails.

    Alerts open and close as they would have; only the last date's mails are written, and tell what is open then.

    Raises:
        ValueError: `last` lies before `first`.
    """
    for as_of in dates_between(first, last):
        run_night(f"{run_id}/{as_of}", as_of, sources, is_told=as_of == last, open_client=open_client)
