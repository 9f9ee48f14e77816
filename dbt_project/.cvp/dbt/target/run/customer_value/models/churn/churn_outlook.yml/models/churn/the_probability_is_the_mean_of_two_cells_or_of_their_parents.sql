
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "slice","is_dormant","silence_band","orders_band","rhythm_band","base_rate","high_from","medium_from","is_validated","probability", 'actual' as "actual_or_expected"
  from (
    -- One row per predicted slice (0: the evaluated date) and combination of bands that its customers are in, and one for its
-- dormant customers: the probability by the table of cells (null where too little is closed), and the probabilities at
-- which the levels begin: those whose odds are so many times the base rate's.
with  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", 
    
    cast(1 as integer)
 as "rates_from_slice", 
    
    cast(12 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", 
    
    cast(7 as integer)
 as "rates_from_slice", 
    
    cast(18 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", 
    
    cast(8 as integer)
 as "rates_from_slice", 
    
    cast(19 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(3 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", 
    
    cast(9 as integer)
 as "rates_from_slice", 
    
    cast(20 as integer)
 as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
),  __dbt__cte__churn_rate as (

-- Fixture for churn_rate
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('base' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(200 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.2 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('silence' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.35 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('orders' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.3 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('rhythm' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.4 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('trend' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", cast(null as integer) as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.6 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('dormant' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(10 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.9 as numeric)
 as "rate"
union all
select 
    
    cast(1 as integer)
 as "for_slice", 
    
    cast('base' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(5000 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.2 as numeric)
 as "rate"
union all
select 
    
    cast(1 as integer)
 as "for_slice", 
    
    cast('dormant' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(10 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.9 as numeric)
 as "rate"
),  __dbt__cte__churn_rule as (
select 200.0 as customer_slices_at_least, 3.0 as slices_at_least
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", cast(null as integer) as "churn_horizon_days", 
    
    cast(4 as numeric)
 as "churn_high_odds", 
    
    cast(2 as numeric)
 as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"
),  __dbt__cte__churn_cell as (

-- Fixture for churn_cell
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(5 as integer)
 as "rhythm_band", 
    
    cast(3 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(5 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(6 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
), learnt as (
    select
        predicted.slice,
        count(closed.slice) as slice_count
    from __dbt__cte__churn_slice as predicted
    left join __dbt__cte__churn_slice as closed
        on closed.slice between predicted.rates_from_slice and predicted.rates_to_slice
    where predicted.slice = 0 or predicted.is_recorded
    group by predicted.slice
),

base as (
    select
        learnt.slice,
        rate.rate as base_rate,
        rate.seen >= churn_rule.customer_slices_at_least
        and learnt.slice_count >= churn_rule.slices_at_least as is_validated,
        
            trim_scale(round(trim_scale((night.churn_high_odds * rate.rate) * 1.000000000000000000000000000000 / nullif(1 - rate.rate + night.churn_high_odds * rate.rate, 0)), 20)) as high_from,
        
            trim_scale(round(trim_scale((night.churn_medium_odds * rate.rate) * 1.000000000000000000000000000000 / nullif(1 - rate.rate + night.churn_medium_odds * rate.rate, 0)), 20)) as medium_from
        
    from learnt
    inner join __dbt__cte__churn_rate as rate on learnt.slice = rate.for_slice and rate.grain = 'base'
    cross join __dbt__cte__churn_rule as churn_rule
    cross join __dbt__cte__stg_night as night
),

rated as (
    select
        cell.slice,
        cell.is_dormant,
        cell.silence_band,
        cell.orders_band,
        cell.rhythm_band,
        cell.trend_band,
        base.base_rate,
        base.high_from,
        base.medium_from,
        base.is_validated,
        coalesce(orders.rate, silence.rate, base.base_rate) as parent_rate,
        rhythm.rate as rhythm_rate,
        trend.rate as trend_rate,
        dormant.rate as dormant_rate
    from __dbt__cte__churn_cell as cell
    inner join base on cell.slice = base.slice
    inner join __dbt__cte__churn_rate as dormant on cell.slice = dormant.for_slice and dormant.grain = 'dormant'
    
        left join __dbt__cte__churn_rate as silence
            on
                cell.slice = silence.for_slice
                and silence.grain = 'silence'
                
                    and cell.silence_band = silence.silence_band
                
    
        left join __dbt__cte__churn_rate as orders
            on
                cell.slice = orders.for_slice
                and orders.grain = 'orders'
                
                    and cell.silence_band = orders.silence_band
                
                    and cell.orders_band = orders.orders_band
                
    
        left join __dbt__cte__churn_rate as rhythm
            on
                cell.slice = rhythm.for_slice
                and rhythm.grain = 'rhythm'
                
                    and cell.silence_band = rhythm.silence_band
                
                    and cell.orders_band = rhythm.orders_band
                
                    and cell.rhythm_band = rhythm.rhythm_band
                
    
        left join __dbt__cte__churn_rate as trend
            on
                cell.slice = trend.for_slice
                and trend.grain = 'trend'
                
                    and cell.silence_band = trend.silence_band
                
                    and cell.orders_band = trend.orders_band
                
                    and cell.trend_band = trend.trend_band
                
    
)

select
    slice,
    is_dormant,
    silence_band,
    orders_band,
    rhythm_band,
    trend_band,
    base_rate,
    high_from,
    medium_from,
    is_validated,
    case
        when not is_validated then null
        when is_dormant then dormant_rate
        else trim_scale((coalesce(rhythm_rate, parent_rate) + coalesce(trend_rate, parent_rate)) / 2)
    end as probability
from rated
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "slice", "is_dormant", "silence_band", "orders_band", "rhythm_band", "base_rate", "high_from", "medium_from", "is_validated", "probability", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.5 as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(5 as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.3 as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(5 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.35 as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(6 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.2 as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(null as integer)
 as "silence_band", 
    
    cast(null as integer)
 as "orders_band", 
    
    cast(null as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.9 as numeric)
 as "probability"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast('0.33333333333333333333' as numeric)
 as "medium_from", 
    
    cast(False as boolean)
 as "is_validated", 
    
    cast(null as numeric)
 as "probability"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected