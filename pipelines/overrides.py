"""Overrides: a person sets a customer's tier, with a reason, an author and a last day.

An override is never changed or removed: to end it early is an entry of its own on the same row, with its time, so that
a replay knows what was known. Dates are business dates in the company's time zone, both ends included. Of two that hold
on one day the one begun last counts, and of two begun on one day the one entered last.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.schema import LANDING, TIER_OVERRIDE

COLUMNS = ("customer_id", "tier", "reason", "author", "starts_on", "expires_on")
SCHEME_FILE = PROJECT / "dbt_project" / "seeds" / "tier_scheme.csv"
RECENT_DAYS = 7
_LAST_DAY = sa.func.coalesce(TIER_OVERRIDE.c.ended_on, TIER_OVERRIDE.c.expires_on)


class OverrideRefused(Exception):
    """An override was not entered; one line per fault, each with its cure."""


@dataclass(frozen=True)
class Override:
    """What a person decides; `where` is its place in a file, for messages."""

    customer_id: str
    tier: str
    reason: str
    author: str
    starts_on: date
    expires_on: date
    where: str = ""

    @property
    def values(self) -> dict[str, object]:
        """Its columns."""
        return {name: getattr(self, name) for name in COLUMNS}


def business_date(settings: Settings) -> date:
    """Today, where the company is."""
    return datetime.now(UTC).astimezone(settings.zone).date()


def read_file(path: Path) -> list[Override]:
    """The overrides of a CSV file with a header of COLUMNS, in any order.

    Raises:
        OverrideRefused: the file cannot be read, a column is missing or unknown, a date is none; all faults at once.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            header = reader.fieldnames or []
            if set(header) != set(COLUMNS):
                raise OverrideRefused(f"{path}:1: the columns are {', '.join(header)}; write {', '.join(COLUMNS)}")
            rows = [(f"{path}:{reader.line_num}", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OverrideRefused(f"{path}: cannot be read: {error}") from error
    faults: list[str] = []
    found: list[Override] = []
    for where, row in rows:
        if None in row or None in row.values():
            faults.append(f"{where}: the line does not have {len(COLUMNS)} values")
            continue
        values = {name: (row[name] or "").strip() for name in COLUMNS}
        try:
            starts_on, expires_on = (date.fromisoformat(values[name]) for name in ("starts_on", "expires_on"))
        except ValueError as error:
            faults.append(f"{where}: {error}; write a date as 2026-06-30")
            continue
        dates = {"starts_on": starts_on, "expires_on": expires_on, "where": where}
        texts = {name: values[name] for name in ("customer_id", "tier", "reason", "author")}
        found.append(Override(**texts, **dates))  # type: ignore[arg-type]
    if faults:
        raise OverrideRefused("\n".join(faults))
    return found


def enter(
    connection: sa.Connection, settings: Settings, overrides: Sequence[Override], may_overlap: bool = False
) -> int:
    """Enter overrides, all or none; how many were new. One that stands already, word for word, is passed over.

    Raises:
        OverrideRefused: a customer or a tier is unknown, a reason or author is empty, the last day lies before the
            first or is over, or (unless `may_overlap`) another override of the customer holds on one of its days.
    """
    connection.execute(sa.text("lock table control.tier_override in share row exclusive mode"))
    tiers = scheme_tiers(settings.tier_scheme)
    today = business_date(settings)
    faults: list[str] = []
    entered = 0
    # each is entered before the next is judged, so that two of one file overlap too; a fault undoes them all
    with connection.begin_nested():
        for one in overrides:
            if _stands(connection, one):
                continue
            found = _faults(connection, one, tiers, settings.tier_scheme, today)
            if not may_overlap:
                found += _overlaps(connection, one)
            faults += [f"{one.where}: {fault}" if one.where else fault for fault in found]
            connection.execute(sa.insert(TIER_OVERRIDE).values(one.values))
            entered += 1
        if faults:
            raise OverrideRefused("\n".join(faults))
    return entered


def scheme_tiers(scheme: str) -> list[str]:
    """The tiers of a scheme, best first."""
    with SCHEME_FILE.open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if row["scheme"] == scheme]
    return [row["tier"] for row in sorted(rows, key=lambda row: int(row["position"]))]


def end(connection: sa.Connection, override_id: int, author: str, last_day: date) -> None:
    """End an override early: `last_day` is the last on which it holds.

    Raises:
        OverrideRefused: there is none of that number, it was ended before, or would not end any earlier.
    """
    row = connection.execute(
        sa.select(TIER_OVERRIDE).where(TIER_OVERRIDE.c.override_id == override_id).with_for_update()
    ).first()
    if row is None:
        raise OverrideRefused(f"there is no override {override_id}: `cvp overrides list --all` shows their numbers")
    if row.ended_on is not None:
        raise OverrideRefused(f"override {override_id} was ended before, by {row.ended_by}, with {row.ended_on}")
    if last_day >= row.expires_on:
        raise OverrideRefused(f"override {override_id} expires on {row.expires_on} anyway: name an earlier last day")
    if not author.strip():
        raise OverrideRefused("the author is empty: say who ends it")
    ended = {"ended_on": last_day, "ended_at": sa.func.clock_timestamp(), "ended_by": author}
    connection.execute(sa.update(TIER_OVERRIDE).where(TIER_OVERRIDE.c.override_id == override_id).values(ended))


@dataclass(frozen=True)
class Listed:
    """An override as it stands; `state` is `holds`, `to come`, `expired` or `ended`, on the day of the listing."""

    override_id: int
    customer_id: str
    tier: str
    reason: str
    author: str
    starts_on: date
    last_day: date
    state: str


def list_all(connection: sa.Connection, today: date) -> list[Listed]:
    """Every override, the one begun last first."""
    rows = connection.execute(
        sa.select(TIER_OVERRIDE, _LAST_DAY.label("last_day")).order_by(
            TIER_OVERRIDE.c.starts_on.desc(), TIER_OVERRIDE.c.override_id.desc()
        )
    )
    return [
        Listed(row.override_id, row.customer_id, row.tier, row.reason, row.author, row.starts_on, row.last_day,
               _state(row, today))
        for row in rows
    ]  # fmt: skip


def recently_expired(connection: sa.Connection, as_of: date) -> list[Listed]:
    """The overrides that held within the RECENT_DAYS before a night and hold no more on it."""
    since = as_of - timedelta(days=RECENT_DAYS)
    return [
        one for one in list_all(connection, as_of) if one.starts_on <= one.last_day and since <= one.last_day < as_of
    ]


def _state(row: sa.Row[tuple[object, ...]], today: date) -> str:
    if row.last_day < today or row.last_day < row.starts_on:
        return "expired" if row.ended_on is None else "ended"
    return "to come" if row.starts_on > today else "holds"


def _stands(connection: sa.Connection, one: Override) -> bool:
    same = [TIER_OVERRIDE.c[name] == value for name, value in one.values.items()]
    return connection.scalar(sa.select(sa.exists().where(*same, TIER_OVERRIDE.c.ended_on.is_(None)))) or False


def _faults(connection: sa.Connection, one: Override, tiers: list[str], scheme: str, today: date) -> list[str]:
    found = []
    if not _is_known(connection, one.customer_id):
        found.append(f"customer {one.customer_id!r} is neither landed nor published: check the id, case included")
    if one.tier not in tiers:
        found.append(f"scheme {scheme} has no tier {one.tier!r}; it has {', '.join(tiers)}")
    if not one.reason.strip():
        found.append("the reason is empty: say in words why the tier is set by hand")
    if not one.author.strip():
        found.append("the author is empty: say who decided it")
    if one.expires_on < one.starts_on:
        found.append(f"the last day {one.expires_on} lies before the first {one.starts_on}")
    elif one.expires_on < today:
        found.append(f"the last day {one.expires_on} is over: it would never hold")
    elif one.expires_on > one.starts_on + timedelta(days=3 * 366):
        found.append(f"it would hold for more than three years ({one.expires_on}): set it again when its time is over")
    return found


def _is_known(connection: sa.Connection, customer_id: str) -> bool:
    customer = LANDING["customer"]
    if connection.scalar(sa.select(sa.exists().where(customer.c.customer_id == customer_id))):
        return True
    # facts may name a customer that the master data does not hold
    if connection.scalar(sa.text("select to_regclass('published.customer_tier')")) is None:
        return False
    known = "select exists (select from published.customer_tier where customer_id = :customer_id)"
    return bool(connection.scalar(sa.text(known), {"customer_id": customer_id}))


def _overlaps(connection: sa.Connection, one: Override) -> list[str]:
    rows = connection.execute(
        sa.select(TIER_OVERRIDE, _LAST_DAY.label("last_day")).where(
            TIER_OVERRIDE.c.customer_id == one.customer_id,
            TIER_OVERRIDE.c.starts_on <= one.expires_on,
            _LAST_DAY >= sa.func.greatest(one.starts_on, TIER_OVERRIDE.c.starts_on),  # noqa: SIM300
        )
    )
    return [
        f"override {row.override_id} ({row.tier}, {row.starts_on} to {row.last_day}) of customer {one.customer_id}"
        " holds on days of this one: end it first, or allow the overlap, in which the one begun last counts"
        for row in rows
    ]
