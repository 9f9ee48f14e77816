
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "as_of_date","from_12m","from_24m","from_36m","from_48m","active_from", 'actual' as "actual_or_expected"
  from (
    with __dbt__cte__control__night as (
select
  true as is_current, 'r' as run_id, cast('2024-02-29' as date) as as_of_date,
  cast(array['sales'] as text[]) as source_systems, 'Asia/Shanghai' as company_time_zone,
  'CNY' as reporting_currency, 6 as active_window_months, 0.06 as capital_cost_rate,
  'three_tier' as tier_scheme, 180 as churn_horizon_days, 4 as churn_high_odds, 2 as churn_medium_odds,
  cast(null as integer) as churn_recorded_slices, cast(null as integer) as churn_model_version,
  cast(null as integer) as calibration_version
) -- One row: the night being evaluated, its settings and the lower edges of its windows (themselves outside them).
select
    night.run_id,
    night.as_of_date,
    cast(night.as_of_date - make_interval(months => 12) as date) as from_12m,
    cast(night.as_of_date - make_interval(months => 24) as date) as from_24m,
    cast(night.as_of_date - make_interval(months => 36) as date) as from_36m,
    cast(night.as_of_date - make_interval(months => 48) as date) as from_48m,
    cast(night.as_of_date - make_interval(months => night.active_window_months) as date) as active_from,
    cast(night.source_systems as text) as source_systems,
    night.company_time_zone,
    night.reporting_currency,
    night.active_window_months,
    night.capital_cost_rate,
    night.tier_scheme,
    night.churn_horizon_days,
    night.churn_high_odds,
    night.churn_medium_odds,
    night.churn_recorded_slices,
    night.churn_model_version,
    night.calibration_version
from __dbt__cte__control__night as night
where night.is_current
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "as_of_date", "from_12m", "from_24m", "from_36m", "from_48m", "active_from", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast('2024-02-29' as date)
 as "as_of_date", 
    
    cast('2023-02-28' as date)
 as "from_12m", 
    
    cast('2022-02-28' as date)
 as "from_24m", 
    
    cast('2021-02-28' as date)
 as "from_36m", 
    
    cast('2020-02-29' as date)
 as "from_48m", 
    
    cast('2023-08-29' as date)
 as "active_from"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected