
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "slice","snapshot_on", 'actual' as "actual_or_expected"
  from (
    -- One row per snapshot date: the evaluated date itself (slice 0) and the closed slices before it (1 the latest), whose
-- outcome is known on the evaluated date; with the lower edges of their windows (themselves outside), and with the slices
-- that were closed before it and tell its rates. The recorded ones are predicted too, for the track record.
with  __dbt__cte__int_customer as (

-- Fixture for int_customer
select 
    
    cast('never' as text)
 as "customer_id", cast(null as text) as "customer_name", cast(null as text) as "industry", cast(null as text) as "region", cast(null as text) as "sales_department", cast(null as date) as "customer_since_on", cast(null as boolean) as "is_inferred", cast(null as boolean) as "is_active", 
    
    cast(null as date)
 as "first_line_on", cast(null as date) as "last_line_on", cast(null as text) as "account_manager_id", cast(null as text) as "salesperson_id"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", 
    
    cast('2025-06-30' as date)
 as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", 
    
    cast(24 as integer)
 as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", 
    
    cast(180 as integer)
 as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"
),  __dbt__cte__churn_rule as (
select
    12.0 as slices_at_most, 30.0 as slice_step_days, 12 as history_months, 36 as gap_history_months,
    90 as recent_days, 365 as usual_days
), history as (
    select min(first_line_on) as first_line_on
    from __dbt__cte__int_customer
),

counted as (
    select
        night.as_of_date,
        night.churn_horizon_days,
        night.active_window_months,
        churn_rule.slice_step_days,
        churn_rule.slices_at_most,
        churn_rule.history_months,
        churn_rule.gap_history_months,
        churn_rule.recent_days,
        churn_rule.usual_days,
        -- how many slices later a slice's outcome is known
        cast(ceil(night.churn_horizon_days / churn_rule.slice_step_days) as integer) as slices_until_closed,
        coalesce(night.churn_recorded_slices, cast(churn_rule.slices_at_most as integer)) as recorded_slices
    from __dbt__cte__stg_night as night
    cross join __dbt__cte__churn_rule as churn_rule
),

snapshot as (
    select
        numbered.slice,
        case
            when numbered.slice = 0 then counted.as_of_date
            else
                counted.as_of_date - counted.churn_horizon_days
                - cast((numbered.slice - 1) * counted.slice_step_days as integer)
        end as snapshot_on,
        case when numbered.slice = 0 then 1 else numbered.slice + counted.slices_until_closed end as rates_from_slice,
        numbered.slice between 1 and counted.recorded_slices as is_recorded,
        counted.churn_horizon_days,
        counted.active_window_months,
        counted.slices_at_most,
        counted.history_months,
        counted.gap_history_months,
        counted.recent_days,
        counted.usual_days
    from counted
    cross join lateral generate_series(
        0, counted.recorded_slices + counted.slices_until_closed + cast(counted.slices_at_most as integer) - 1
    ) as numbered (slice)
),

edged as (
    select
        slice,
        snapshot_on,
        slice > 0 as is_closed,
        is_recorded,
        rates_from_slice,
        rates_from_slice + cast(slices_at_most as integer) - 1 as rates_to_slice,
        cast(snapshot_on - make_interval(months => cast(history_months as integer)) as date) as history_from,
        cast(snapshot_on - make_interval(months => cast(gap_history_months as integer)) as date) as gap_history_from,
        cast(snapshot_on - make_interval(months => active_window_months) as date) as active_from,
        snapshot_on - cast(recent_days as integer) as recent_from,
        snapshot_on - cast(usual_days as integer) as usual_from,
        snapshot_on + churn_horizon_days as outcome_to
    from snapshot
)

select
    edged.slice,
    edged.snapshot_on,
    edged.is_closed,
    edged.is_recorded,
    edged.rates_from_slice,
    edged.rates_to_slice,
    edged.history_from,
    edged.gap_history_from,
    edged.active_from,
    edged.recent_from,
    edged.usual_from,
    edged.outcome_to
from edged
cross join history
where edged.slice = 0 or history.first_line_on <= edged.history_from
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "slice", "snapshot_on", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('2025-06-30' as date)
 as "snapshot_on"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected