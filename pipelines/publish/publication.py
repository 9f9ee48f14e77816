"""One transaction publishes a night: its rows, the pointer to the newest night, and the ledger's word for it.

Readers see the night before or this one, whole: rows of a night and the pointer change together, nothing that they read
is dropped or renamed. Publishing the same date again replaces its rows; an earlier date never moves the pointer back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import sqlalchemy as sa
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from pipelines.night.ledger import require_current
from pipelines.publish.tables import (
    CANDIDATES,
    PUBLISHED_TABLES,
    PublicationError,
    PublishedTable,
    columns_of,
    prepare,
    quote,
)
from pipelines.warehouse.schema import NIGHT, RUN

__all__ = ["PublicationError", "publish_night"]


# With the columns that were published: what is added later is null in this night without having been computed null.
_NIGHT_AS_TOLD = f"""
    select to_jsonb(tonight) || jsonb_build_object('columns', (
        select jsonb_object_agg(candidate.name, candidate.columns)
        from (
            select relation.relname as name, jsonb_agg(attribute.attname) as columns
            from pg_class as relation inner join pg_attribute as attribute on attribute.attrelid = relation.oid
            where relation.relnamespace = '{CANDIDATES}'::regnamespace and relation.relkind = 'r'
                and attribute.attnum > 0 and not attribute.attisdropped
            group by relation.relname
        ) as candidate
    ))
    from control.night as tonight  -- not `night`, which is a column of the ledger's own
"""
AlsoWritten = Callable[[sa.Connection, date], None]


def publish_night(engine: sa.Engine, run_id: str, also: AlsoWritten | None = None) -> dict[str, int]:
    """Publish the candidates of the current night.

    Args:
        also: called with the connection and the night's date after the night's rows are written, before the commit:
            what must be there exactly when the night is. It may be called again in a new transaction.

    Returns:
        Rows published per table.

    Raises:
        PublicationError: the candidates do not fit, or are another night's.
        RunRefused: the run has been superseded.
    """
    with engine.begin() as connection:
        as_of = _night_date(connection)
        prepare(connection, as_of)
    return _publish(engine, run_id, also)


@retry(
    retry=retry_if_exception_type(sa.exc.OperationalError),
    stop=stop_after_attempt(4),
    wait=wait_random_exponential(max=10),
    reraise=True,
)
def _publish(engine: sa.Engine, run_id: str, also: AlsoWritten | None) -> dict[str, int]:
    with engine.begin() as connection:
        pointer = connection.scalar(sa.text("select as_of_date from publication.current_night for update"))
        connection.execute(sa.text("select 1 from control.night for share"))
        require_current(connection, run_id)
        as_of = _night_date(connection)
        _require_candidates(connection, as_of, run_id)
        newest = as_of if pointer is None else max(pointer, as_of)
        counts = {table.candidate: _replace(connection, table, as_of, newest) for table in PUBLISHED_TABLES}
        counts["data_quality"] = _replace_data_quality(connection, as_of, run_id)
        _move_pointer(connection, pointer, newest)
        _forget_old_nights(connection, newest)
        if also is not None:
            also(connection, as_of)
        _mark_published(connection, run_id)
    return counts


def _night_date(connection: sa.Connection) -> date:
    as_of = connection.scalar(sa.select(NIGHT.c.as_of_date))
    if as_of is None:
        raise PublicationError("no night is open: start one with `cvp night`")
    return as_of


def _require_candidates(connection: sa.Connection, as_of: date, run_id: str) -> None:
    """The candidates must be this run's: a build that was cut short leaves another night's behind."""
    found = connection.execute(
        sa.text(f"select distinct as_of_date, run_id from {CANDIDATES}.customer_tier limit 2")
    ).all()
    if [tuple(row) for row in found] != [(as_of, run_id)]:
        raise PublicationError(f"the candidates are not those of run {run_id} for {as_of}: found {found or 'none'}")


def _replace(connection: sa.Connection, table: PublishedTable, as_of: date, newest: date) -> int:
    columns = [column.name for column in columns_of(connection, CANDIDATES, table.candidate)]
    names = ", ".join(quote(name) for name in columns)
    target, source = names, names
    if table.stamped:
        target, source = f"{names}, published_at", f"{names}, transaction_timestamp()"
    if table.storage == "replaced":
        if as_of < newest:
            return 0
        connection.execute(sa.text(f"delete from {table.relation}"))
    else:
        connection.execute(sa.text(f"delete from {table.relation} where as_of_date = :as_of"), {"as_of": as_of})
    statement = f"insert into {table.relation} ({target}) select {source} from {CANDIDATES}.{quote(table.candidate)}"
    return connection.execute(sa.text(statement)).rowcount


def _replace_data_quality(connection: sa.Connection, as_of: date, run_id: str) -> int:
    connection.execute(sa.text("delete from published.data_quality where as_of_date = :as_of"), {"as_of": as_of})
    statement = (
        "insert into published.data_quality"
        " (as_of_date, dataset, check_name, severity, expected, observed, passed, rows_set_aside)"
        " select as_of_date, dataset, check_name, severity, expected, observed, passed, rows_set_aside"
        " from control.data_quality where run_id = :run_id"
    )
    return connection.execute(sa.text(statement), {"run_id": run_id}).rowcount


def _move_pointer(connection: sa.Connection, pointer: date | None, newest: date) -> None:
    if pointer is None:
        statement = "insert into publication.current_night (as_of_date) values (:newest)"
    else:
        statement = "update publication.current_night set as_of_date = :newest where as_of_date <> :newest"
    connection.execute(sa.text(statement), {"newest": newest})


def _forget_old_nights(connection: sa.Connection, newest: date) -> None:
    """The long indicator rows are kept for the newest night and the one before it; the wide history keeps all."""
    before = connection.scalar(
        sa.text("select max(as_of_date) from published.customer_tier_history where as_of_date < :newest"),
        {"newest": newest},
    )
    for table in PUBLISHED_TABLES:
        if table.storage == "recent":
            statement = f"delete from {table.relation} where as_of_date < :oldest"
            connection.execute(sa.text(statement), {"oldest": before or newest})


def _mark_published(connection: sa.Connection, run_id: str) -> None:
    version = sa.select(NIGHT.c.calibration_version).scalar_subquery()
    # a replay evaluates with what this night was told, whatever the settings are by then
    night = sa.text(f"({_NIGHT_AS_TOLD})")
    basis = sa.text("(select tier_rule_basis.basis from tiers.tier_rule_basis)")
    connection.execute(
        sa.update(RUN).where(RUN.c.run_id == run_id).values(
            status="published", failed_step=None, message=None, calibration_version=version, tier_basis=basis,
            night=night,
        )
    )  # fmt: skip
