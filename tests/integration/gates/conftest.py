"""A night with clean landed rows and clean hand-made candidates, for tests to spoil."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.settings import Settings
from tests.conftest import Warehouse

RUN_ID = "night-1"

# The columns that the rules read, by the names and types of the published models.
CANDIDATES = """
    create schema staging;
    create schema intermediate;
    create schema candidates;
    create schema rules;
    create table staging.stg_customer (customer_id text collate "C", customer_name text, is_inferred boolean);
    create table staging.stg_product (product_id text collate "C", is_inferred boolean);
    create table staging.base_key_collision (entity text, entity_key text, source_count bigint);
    create table staging.base_waiting (entity text, waiting_count bigint);
    create table intermediate.int_missing_exchange_rate (entity text, currency text, rate_date date, row_count bigint);
    create table rules.tier_scheme (scheme text, position integer, tier text);
    create table candidates.customer_tier (
        as_of_date date, customer_id text collate "C", customer_name text, is_active boolean,
        tier text, tier_computed text, tier_raw text,
        value_score double precision, current_value_score double precision, potential_value_score double precision,
        value_score_low double precision, value_score_high double precision, coverage double precision,
        company_rank integer, gross_margin_12m numeric(38, 12), volume_12m numeric(38, 12),
        churn_probability double precision, run_id text
    );
    create table candidates.customer_indicator (
        as_of_date date, customer_id text collate "C", indicator_id text, raw_value numeric(38, 12),
        points double precision, effective_weight double precision, contribution double precision
    );
    create table candidates.indicator (indicator_id text, active_weight double precision);
"""

# Twelve customers: ten core and active, one important whose costs are unknown, one lapsed; named so that a leak shows.
CLEAN = """
    insert into control.run (run_id, as_of_date, source_systems, started_at, status)
    values
        ('night-0', '2026-03-30', '{sales}', '2026-03-31 02:00+08', 'published'),
        ('night-1', '2026-03-31', '{sales}', '2026-04-01 02:00+08', 'running');
    insert into control.night (
        run_id, as_of_date, source_systems, company_time_zone, reporting_currency, active_window_months,
        capital_cost_rate, tier_scheme, churn_horizon_days, churn_high_odds, churn_medium_odds, calibration_version
    ) values (
        'night-1', '2026-03-31', '{sales}', 'Asia/Shanghai', 'CNY', 24, 0.06, 'three_tier', 180, 4, 2, 1
    );
    insert into control.extraction (
        run_id, source_system, entity, rows_read, rows_landed, rows_unchanged, rows_rejected, rows_deleted, rows_held,
        is_full_pull, seconds
    ) values
        ('night-0', 'sales', 'sales_order', 200, 200, 0, 0, 0, 200, true, 1),
        ('night-1', 'sales', 'sales_order', 202, 2, 199, 1, 0, 201, true, 1),
        ('night-1', 'sales', 'sales_order_line', 1, 1, 0, 0, 0, 1, true, 1),
        ('night-1', 'crm', 'survey_response', 0, 0, 0, 0, 0, 0, true, 1);
    update control.extraction set
        source_columns = '{"vbeln": "VARCHAR", "audat": "DATE", "netwr": "DECIMAL(15,2)", "gbstk": "VARCHAR"}',
        columns_read = '{vbeln, audat, netwr}'
    where entity = 'sales_order';
    insert into landing.landing_rejected (
        source_system, entity, key, occurrence, reason, row, first_rejected_at, last_rejected_at, run_id
    ) values (
        'sales', 'sales_order', 'O-bad', 1, 'ordered_on is no date', '{"order_id": "O-bad"}',
        '2026-04-01 02:00+08', '2026-04-01 02:00+08', 'night-1'
    );
    insert into landing.sales_order (source_system, order_id, customer_id, ordered_on, extracted_at)
    values
        ('sales', 'O1', 'C01', '2026-03-20', '2026-04-01 02:00+08'),
        ('sales', 'O2', 'C02', '2025-03-20', '2026-04-01 02:00+08');
    insert into landing.sales_order_line (
        source_system, order_id, line_number, product_id, quantity, unit_price, extracted_at
    ) values ('sales', 'O1', 1, 'P1', 2, 10, '2026-04-01 02:00+08');
    insert into rules.tier_scheme values
        ('three_tier', 1, 'core'), ('three_tier', 2, 'important'), ('three_tier', 3, 'general');
    insert into staging.base_waiting values ('sales_order_line', 0), ('delivery', 1), ('payment', 2);
    insert into staging.stg_customer
    select 'C' || lpad(number::text, 2, '0'), 'Zhang Canary ' || number, false from generate_series(1, 12) as number;
    insert into candidates.customer_tier
    select
        '2026-03-31', 'C' || lpad(number::text, 2, '0'), 'Zhang Canary ' || number, number < 12,
        tier.name, tier.name, tier.name,
        score.value, score.value, score.value, score.value, score.value, case when number < 12 then 1 end,
        case when number < 12 then number end,
        case when number < 11 then 100 - number end, case when number < 12 then 10 else 0 end,
        case when number < 12 then 0.25 end, 'night-1'
    from generate_series(1, 12) as number
    cross join lateral (
        select case when number < 11 then 'core' when number = 11 then 'important' end as name
    ) as tier
    cross join lateral (select case when number < 12 then 100 - number end as value) as score;
    insert into candidates.customer_indicator
    select '2026-03-31', 'C' || lpad(number::text, 2, '0'), indicator.id, 7, 50, 0.5, 25
    from generate_series(1, 11) as number
    cross join (values ('C01'), ('C02')) as indicator (id);
    insert into control.calibration (
        version, made_at, population_date, population_customers, author, reason, method
    ) values (1, '2026-03-30 02:00+08', '2026-03-30', 11, 'test', 'test', 'ahp');
    insert into control.calibration_indicator (
        version, indicator_id, dimension, indicator_group, nominal_weight, transform, higher_is_better
    ) values (1, 'C01', 'current', 'profit', 0.5, 'asinh', true), (1, 'C02', 'current', 'profit', 0.5, 'asinh', true);
    insert into candidates.indicator values ('C01', 0.5), ('C02', 0.5);
    insert into control.previous_night
    select 'C' || lpad(number::text, 2, '0'), '2026-03-30', 'core', 'core', '2026-01-01'
    from generate_series(1, 10) as number;
"""


@dataclass(frozen=True)
class Night:
    """A clean night in a warehouse; `settings.home` is the test's own folder."""

    settings: Settings
    engine: sa.Engine

    def execute(self, statements: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statements)


def _night(warehouse: Warehouse, home: Path) -> Night:
    night = Night(warehouse.settings.model_copy(update={"home": home}), warehouse.engine)
    night.execute(CANDIDATES)
    night.execute(CLEAN)
    return night


@pytest.fixture
def night(warehouse: Warehouse, tmp_path: Path) -> Night:
    """A clean night for one test to spoil."""
    return _night(warehouse, tmp_path)


@pytest.fixture(scope="module")
def clean_night(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A clean night that no test of the module changes for good."""
    yield _night(module_warehouse, tmp_path_factory.mktemp("home"))
