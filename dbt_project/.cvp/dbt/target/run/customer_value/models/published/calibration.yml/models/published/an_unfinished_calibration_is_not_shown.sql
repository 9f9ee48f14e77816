
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "calibration_version","made_on","median_current_score", 'actual' as "actual_or_expected"
  from (
    with __dbt__cte__control__calibration as (

-- Fixture for calibration
select 
    
    cast(1 as integer)
 as "version", 
    
    cast('2025-06-30 17:30:00+00' as timestamp with time zone)
 as "made_at", cast(null as date) as "population_date", cast(null as integer) as "population_customers", cast(null as text) as "author", cast(null as text) as "reason", cast(null as text) as "method", cast(null as date) as "active_from_on", 
    
    cast(50 as double precision)
 as "median_current_score", 
    
    cast(40 as double precision)
 as "median_potential_score"
union all
select 
    
    cast(2 as integer)
 as "version", 
    
    cast('2025-06-30 17:30:00+00' as timestamp with time zone)
 as "made_at", cast(null as date) as "population_date", cast(null as integer) as "population_customers", cast(null as text) as "author", cast(null as text) as "reason", cast(null as text) as "method", cast(null as date) as "active_from_on", 
    
    cast(null as double precision)
 as "median_current_score", 
    
    cast(null as double precision)
 as "median_potential_score"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", 
    
    cast('Asia/Shanghai' as text)
 as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", cast(null as integer) as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"
) -- One row per finished calibration version: when, from whose population, by whom and why it was made.
select
    made.version as calibration_version,
    cast(made.made_at at time zone night.company_time_zone as date) as made_on,
    made.population_date,
    made.population_customers,
    made.author,
    made.reason,
    made.active_from_on,
    made.method,
    made.median_current_score,
    made.median_potential_score
from __dbt__cte__control__calibration as made
cross join __dbt__cte__stg_night as night
where made.median_current_score is not null and made.median_potential_score is not null
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "calibration_version", "made_on", "median_current_score", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast(1 as integer)
 as "calibration_version", 
    
    cast('2025-07-01' as date)
 as "made_on", 
    
    cast(50 as double precision)
 as "median_current_score"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected