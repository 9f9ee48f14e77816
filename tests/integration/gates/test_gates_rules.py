"""Each rule of the gates: clean data passes it, its bad data breaks it and no other rule."""

from __future__ import annotations

from string import Template

import pytest
import sqlalchemy as sa

from expectations import candidates, landing
from expectations.rule import Rule

SUITES = landing.SUITES + candidates.SUITES
RULES = {rule.name: rule for suite in SUITES for rule in suite.rules}

# Rule -> what spoils the clean night so that this rule, and only this rule, is broken.
BAD_DATA = {
    "orders_are_held": "delete from landing.sales_order",
    "some_order_is_dated_up_to_the_night": """
        update landing.sales_order set ordered_on = '2026-04-01'
    """,
    "no_order_is_dated_in_the_future": """
        insert into landing.sales_order (source_system, order_id, customer_id, ordered_on, extracted_at)
        values ('sales', 'O-ahead', 'C01', '2062-03-20', now())
    """,
    "orders_are_fresh": "update landing.sales_order set ordered_on = '2026-02-28' where order_id = 'O1'",
    "lines_are_held": "delete from landing.sales_order_line",
    "some_line_finds_its_order": "update landing.sales_order_line set order_id = '000' || order_id",
    "no_entity_shrank": "update control.extraction set rows_held = 99 where run_id = 'night-1'",
    "no_entity_swelled": "update control.extraction set rows_held = 2001 where run_id = 'night-1'",
    "change_markers_show_every_change": "update control.extraction set rows_missed = 1 where run_id = 'night-1'",
    "source_columns_are_those_of_before": """
        update control.extraction set source_columns = source_columns - 'gbstk' where run_id = 'night-1'
    """,
    "read_columns_keep_their_types": """
        update control.extraction set source_columns = source_columns || '{"audat": "VARCHAR"}' where run_id = 'night-1'
    """,
    "every_customer_is_there": "delete from candidates.customer_tier where customer_id = 'C05'",
    "customers_did_not_vanish": """
        insert into control.previous_night
        select 'general-' || number, '2026-03-30', 'general', 'general', '2026-01-01'
        from generate_series(1, 100) as number
    """,
    "scores_lie_within_0_and_100": """
        update candidates.customer_tier set value_score = 'NaN' where customer_id = 'C03'
    """,
    "score_lies_in_its_own_range": """
        update candidates.customer_tier set value_score_low = value_score_high + 0.1 where customer_id = 'C03'
    """,
    "scored_exactly_when_active": """
        update candidates.customer_tier set value_score = null where customer_id = 'C03'
    """,
    "churn_probabilities_lie_within_0_and_1": """
        update candidates.customer_tier set churn_probability = 1.5 where customer_id = 'C03'
    """,
    "tiers_are_the_scheme_s": "update candidates.customer_tier set tier = 'Core' where customer_id = 'C03'",
    "core_is_not_empty": "update candidates.customer_tier set tier_raw = 'general' where tier_raw = 'core'",
    "core_did_not_turn_over": """
        update candidates.customer_tier set tier_computed = 'general' where customer_id <= 'C06'
    """,
    "somebody_is_active": """
        update candidates.customer_tier set
            is_active = false, value_score = null, coverage = null, company_rank = null
    """,
    "points_and_weights_are_in_bounds": """
        update candidates.customer_indicator set points = 101 where customer_id = 'C03' and indicator_id = 'C02'
    """,
    "every_weighted_indicator_is_published": "delete from candidates.indicator where indicator_id = 'C02'",
    "every_exchange_rate_is_there": """
        insert into intermediate.int_missing_exchange_rate values ('invoice', 'USD', '2026-03-07', 3)
    """,
    "keys_come_from_one_source": "insert into staging.base_key_collision values ('customer', '(C01)', 2)",
    "customers_are_in_the_master_data": """
        update staging.stg_customer set is_inferred = true where customer_id = 'C12'
    """,
    "no_override_has_just_expired": """
        insert into control.tier_override (customer_id, tier, reason, author, starts_on, expires_on)
        values ('C01', 'core', 'patron', 'test', '2026-01-01', '2026-03-30')
    """,
    "overridden_customers_are_known": """
        insert into control.tier_override (customer_id, tier, reason, author, starts_on, expires_on)
        values ('C99', 'core', 'patron', 'test', '2026-01-01', '2026-03-31')
    """,
    "products_are_in_the_master_data": "insert into staging.stg_product values ('P-gone', true)",
}

# What the columns of a rule's rows may hold: keys, dates and counts; anything else could show a person's data.
SHOWN = {
    "as_of_date",
    "column_name",
    "currency",
    "customer_id",
    "customer_ids",
    "customers_before",
    "customers_in_both",
    "customers_tonight",
    "entity",
    "entity_key",
    "indicator_id",
    "last_day",
    "newest_ordered_on",
    "oldest_ordered_on",
    "order_ids",
    "override_id",
    "product_id",
    "rate_date",
    "row_count",
    "rows_before",
    "rows_missed",
    "rows_tonight",
    "source_system",
    "type_before",
    "type_tonight",
}


def unexpected_rows(connection: sa.Connection, rule: Rule) -> sa.CursorResult:
    return connection.execute(sa.text(Template(rule.unexpected_rows).substitute(deleted_share_limit="0.5")))


def broken_rules(connection: sa.Connection) -> set[str]:
    return {name for name, rule in RULES.items() if unexpected_rows(connection, rule).all()}


def test_every_rule_has_bad_data_that_breaks_it():
    assert set(BAD_DATA) == set(RULES)
    assert len(RULES) == sum(len(suite.rules) for suite in SUITES), "two rules share a name"


def test_a_clean_night_breaks_no_rule(clean_night):
    with clean_night.engine.connect() as connection:
        assert broken_rules(connection) == set()


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_breaks_its_rule_and_no_other(clean_night, name):
    with clean_night.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(BAD_DATA[name])
        assert broken_rules(connection) == {name}
        transaction.rollback()


@pytest.mark.parametrize("name", BAD_DATA)
def test_a_rule_shows_keys_dates_and_counts_only(clean_night, name):
    with clean_night.engine.connect() as connection:
        assert set(unexpected_rows(connection, RULES[name]).keys()) <= SHOWN


# Honest nights at the edge of a rule, and one step beyond: statements, rules that they break.
EDGES = {
    "an entity kept exactly half": ("update control.extraction set rows_held = 100 where run_id = 'night-1'", set()),
    "an entity of 100 rows lost all but one": (
        "update control.extraction set rows_held = case run_id when 'night-0' then 100 else 1 end",
        set(),
    ),
    "an entity of 101 rows lost all but 50": (
        "update control.extraction set rows_held = case run_id when 'night-0' then 101 else 50 end",
        {"no_entity_shrank"},
    ),
    "an entity grew exactly tenfold": (
        "update control.extraction set rows_held = 2000 where run_id = 'night-1'",
        set(),
    ),
    "the run before was never published": (
        "update control.run set status = 'failed' where run_id = 'night-0';"
        " update control.extraction set rows_held = 1 where run_id = 'night-1'",
        set(),
    ),
    "a column came": (
        'update control.extraction set source_columns = source_columns || \'{"new": "DATE"}\''
        " where run_id = 'night-1'",
        {"source_columns_are_those_of_before"},
    ),
    "a number has other digits, and a column that nobody reads another type": (
        "update control.extraction set source_columns = source_columns"
        ' || \'{"netwr": "DECIMAL(18,3)", "gbstk": "INTEGER"}\' where run_id = \'night-1\'',
        set(),
    ),
    "the night before was of the same date: it is this night run again": (
        "update control.run set as_of_date = '2026-03-31' where run_id = 'night-0';"
        + BAD_DATA["read_columns_keep_their_types"],
        set(),
    ),
    "the columns of the night before are not known": (
        "update control.extraction set source_columns = null, columns_read = null where run_id = 'night-0'",
        set(),
    ),
    "the newest order is 30 days old": (
        "update landing.sales_order set ordered_on = '2026-03-01' where order_id = 'O1'",
        set(),
    ),
    "the newest order is of the night itself": (
        "update landing.sales_order set ordered_on = '2026-03-31' where order_id = 'O1'",
        set(),
    ),
    "an order is dated on the day of the run": (
        "update landing.sales_order set ordered_on = '2026-04-01' where order_id = 'O2'",
        set(),
    ),
    "an order is dated a day after the run": (
        "update landing.sales_order set ordered_on = '2026-04-02' where order_id = 'O2'",
        {"no_order_is_dated_in_the_future"},
    ),
    "another source's orders are no concern": (
        "update landing.sales_order set source_system = 'other'",
        {"orders_are_held"},
    ),
    "no order and no line": (
        "delete from landing.sales_order; delete from landing.sales_order_line",
        {"orders_are_held", "lines_are_held"},
    ),
    "no customer at all": (
        "delete from staging.stg_customer; delete from candidates.customer_tier",
        {"every_customer_is_there", "somebody_is_active", "core_did_not_turn_over"},
    ),
    "a customer that nobody knows": (
        "update candidates.customer_tier set customer_id = 'C99' where customer_id = 'C12'",
        {"every_customer_is_there"},
    ),
    "scores at 0 and 100": (
        "update candidates.customer_tier set value_score_low = 0, value_score_high = 100 where is_active",
        set(),
    ),
    "a score off by what summing doubles adds": (
        "update candidates.customer_tier set value_score_high = 100 + 1e-12 where is_active",
        set(),
    ),
    "an infinite score": (
        "update candidates.customer_tier set potential_value_score = 'Infinity' where customer_id = 'C01'",
        {"scores_lie_within_0_and_100"},
    ),
    "a lapsed customer with a score": (
        "update candidates.customer_tier set value_score = 1, coverage = 1, company_rank = 12 where not is_active",
        {"scored_exactly_when_active"},
    ),
    "a lapsed customer with a tier by override": (
        "update candidates.customer_tier set tier = 'core' where not is_active",
        set(),
    ),
    "no cost known anywhere": ("update candidates.customer_tier set gross_margin_12m = null", set()),
    "no cost known and nobody core": (
        "update candidates.customer_tier set gross_margin_12m = null, tier_raw = 'general' where is_active",
        {"core_is_not_empty"},
    ),
    "every known margin a loss and nobody core": (
        "update candidates.customer_tier set gross_margin_12m = -1, tier_raw = 'general' where is_active",
        set(),
    ),
    "neither margin nor volume and nobody core": (
        "update candidates.customer_tier set gross_margin_12m = null, volume_12m = 0, tier_raw = 'general'"
        " where is_active",
        set(),
    ),
    "a first night": ("delete from control.previous_night", set()),
    "the night before had tiers for 22 customers": (
        "insert into control.previous_night select 'x' || number, '2026-03-30', 'general', 'general', '2026-01-01'"
        " from generate_series(1, 12) as number",
        set(),
    ),
    "half of the customers vanished, but the night before was another source's": (
        BAD_DATA["customers_did_not_vanish"] + "; update control.run set source_systems = '{other}'"
        " where run_id = 'night-0'",
        set(),
    ),
    "half of the core changed": (
        "update candidates.customer_tier set tier_computed = 'general' where customer_id <= 'C05'",
        set(),
    ),
    "indicators without values": (
        "update candidates.customer_indicator set raw_value = null, points = null, effective_weight = 0",
        set(),
    ),
    "an indicator without weight is not published": (
        "update control.calibration_indicator set nominal_weight = 0 where indicator_id = 'C02';"
        " delete from candidates.indicator where indicator_id = 'C02'",
        set(),
    ),
    "nobody is scored at all": (
        "delete from candidates.customer_indicator;" + BAD_DATA["somebody_is_active"],
        {"somebody_is_active"},
    ),
}


@pytest.mark.parametrize("case", EDGES)
def test_rules_hold_at_their_edges(clean_night, case):
    statements, broken = EDGES[case]
    with clean_night.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(statements)
        assert broken_rules(connection) == broken
        transaction.rollback()
