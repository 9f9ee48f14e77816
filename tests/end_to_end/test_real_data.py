"""The whole DAG on three data sets that nobody here made: each lacks costs, payments or service records its own way."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.settings import PROJECT
from pipelines.warehouse.connection import with_driver
from tests.integration.method.comparison import calibration_differences, report
from tests.integration.method.driver import read
from tests.integration.method.landed import candidate_differences, evaluate_landed

FOLDER = Path(os.environ.get("CVP_REAL_DATA") or PROJECT.parent / "shared" / "data")
# mapping -> its place, the last business date in it, what the tier rule can go by
NIGHTS = {
    "adventureworks": ("adventureworks", "2013-11-29", "margin_and_volume"),
    "northwind": ("northwind/northwind.sqlite", "1998-05-06", "volume_only"),
    "online_retail": ("online_retail", "2011-12-09", "volume_only"),
}
NEVER_DELIVERED = ("on_time_payment_rate_12m", "payment_delay_days_12m", "share_of_wallet_12m", "satisfaction_gap_12m")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real data sets are not in {FOLDER}")


@pytest.fixture(scope="module", params=list(NIGHTS))
def night(request, instance):
    """A night of one data set in a warehouse database of its own: (query, mapping)."""
    place, as_of, _ = NIGHTS[request.param]
    variables = {"CVP_WAREHOUSE_DATABASE": request.param}
    source = f"{request.param}={FOLDER / place}"
    instance.run("night", "--as-of", as_of, "--sources", source, **variables)
    return lambda sql: instance.query(sql, **variables), request.param


def test_tiers_come_out_and_the_run_says_what_they_go_by(night):
    query, name = night
    status, basis = query("select status, tier_basis from published.run")[0]
    assert (status, basis) == ("published", NIGHTS[name][2])
    tiers = dict(query("select tier, count(*) from published.customer_tier where is_active group by tier"))
    active = sum(tiers.values())
    assert 0 < tiers["core"] < active / 2
    assert tiers["important"] == -(-(active - tiers["core"]) // 4)
    shares = "select margin_share, volume_share from published.tier_summary where scope = 'company' and tier = 'core'"
    margin, volume = query(shares)[0]
    # where many in the prefix lose money (AdventureWorks' resellers), core holds the margin but not the volume
    assert (volume if basis == "volume_only" else margin) >= 0.79


def test_every_row_read_is_landed_or_set_aside(night):
    query, _ = night
    for entity, counts in query("select e.key, e.value from published.run, jsonb_each(rows_extracted) as e"):
        assert counts["read"] == counts["landed"] + counts["unchanged"] + counts["rejected"], entity
        held = query(f"select count(*) from landing.{entity}")[0][0]
        aside = query(f"select count(*) from landing.landing_rejected where entity = '{entity}'")[0][0]
        assert counts["read"] == held + aside, entity


def test_coverage_tells_what_is_missing_and_nothing_is_not_a_number(night):
    query, _ = night
    low, high = query("select min(coverage), max(coverage) from published.customer_tier where is_active")[0]
    assert 0 < low <= high < 0.95
    for name in NEVER_DELIVERED:
        assert query(f"select count({name}) from published.customer_indicator_history")[0][0] == 0, name
    odd = query(
        "select count(*) from published.customer_tier where is_active and"
        " (value_score is null or value_score not between 0 and 100 or coverage is null)"
    )
    assert odd == [(0,)]
    not_numbers = "select count(*) from published.customer_indicator where 'NaN' in (points, contribution, raw_value)"
    assert query(not_numbers) == [(0,)]


def test_the_reference_says_the_same_of_what_was_landed(night, instance):
    _, name = night
    engine = sa.create_engine(with_driver(instance.url(CVP_WAREHOUSE_DATABASE=name)))
    said = evaluate_landed(engine)
    found = calibration_differences(said.calibration, said.measured) + candidate_differences(
        partial(read, engine), said
    )
    engine.dispose()
    assert not found, report(found, said.measured)
