
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "as_of_date","risk_level","tier_group","churn_model_version","slices","flagged","churned","churn_rate","churn_rate_low","churn_rate_high","auc","auc_recency","lift_top_10","calibration_error","lost_margin_flagged_share","flagged_customers","churned_customers", 'actual' as "actual_or_expected"
  from (
    -- One row per risk level and tier group: how the predictions of the closed slices, each made from slices closed before it,
-- came out. Empty groups are there with counts of 0.
with  __dbt__cte__churn_record as (

-- Fixture for churn_record
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"
union all
select 
    
    cast(3 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"
),  __dbt__cte__churn_rule as (
select 2.0 as interval_deviations
),  __dbt__cte__churn_record_level as (

-- Fixture for churn_record_level
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast(8 as numeric)
 as "flagged", 
    
    cast(4 as numeric)
 as "churned", 
    
    cast(5 as bigint)
 as "flagged_customers", 
    
    cast(2 as bigint)
 as "churned_customers", 
    
    cast(10 as numeric)
 as "lost_margin", 
    
    cast(10 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(4 as numeric)
 as "flagged", 
    
    cast(4 as numeric)
 as "churned", 
    
    cast(2 as bigint)
 as "flagged_customers", 
    
    cast(2 as bigint)
 as "churned_customers", 
    
    cast(10 as numeric)
 as "lost_margin", 
    
    cast(10 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast(4 as numeric)
 as "flagged", 
    
    cast(0 as numeric)
 as "churned", 
    
    cast(3 as bigint)
 as "flagged_customers", 
    
    cast(0 as bigint)
 as "churned_customers", 
    
    cast(0 as numeric)
 as "lost_margin", 
    
    cast(0 as numeric)
 as "lost_margin_flagged"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", 
    
    cast('2025-06-30' as date)
 as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", cast(null as integer) as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", 
    
    cast(null as integer)
 as "churn_model_version"
),  __dbt__cte__churn_record_group as (

-- Fixture for churn_record_group
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('probability' as text)
 as "score", 
    
    cast(0.75 as numeric)
 as "auc", 
    
    cast(2 as numeric)
 as "lift_top_10", 
    
    cast(0.125 as numeric)
 as "calibration_error"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('recency' as text)
 as "score", 
    
    cast(0.625 as numeric)
 as "auc", 
    
    cast(1.5 as numeric)
 as "lift_top_10", 
    
    cast(null as numeric)
 as "calibration_error"
), cell as (
    select
        levelled.risk_level,
        grouped.tier_group
    from (values ('high'), ('medium'), ('low'), ('all')) as levelled (risk_level)
    cross join (values ('all'), ('core'), ('important')) as grouped (tier_group)
),

recorded as (
    select count(distinct slice) as slices
    from __dbt__cte__churn_record
),

counted as (
    select
        cell.risk_level,
        cell.tier_group,
        coalesce(level.flagged, 0) as flagged,
        coalesce(level.churned, 0) as churned,
        coalesce(level.flagged_customers, 0) as flagged_customers,
        coalesce(level.churned_customers, 0) as churned_customers,
        coalesce(case when cell.risk_level = 'all' then level.lost_margin_flagged else level.lost_margin end, 0)
            as lost_margin_flagged,
        every_level.lost_margin,
        cast(trim_scale((level.churned) * 1.000000000000000000000000000000 / nullif(level.flagged, 0)) as double precision) as churn_rate,
        cast(trim_scale((churn_rule.interval_deviations ^ 2) * 1.000000000000000000000000000000 / nullif(level.flagged, 0)) as double precision) as spread
    from cell
    cross join __dbt__cte__churn_rule as churn_rule
    left join __dbt__cte__churn_record_level as level
        on cell.tier_group = level.tier_group and cell.risk_level = level.risk_level
    left join __dbt__cte__churn_record_level as every_level
        on cell.tier_group = every_level.tier_group and every_level.risk_level = 'all'
),

-- Wilson's interval: spread is z squared / n
bounded as (
    select
        risk_level,
        tier_group,
        (churn_rate + spread / 2) / (1 + spread) as middle,
        sqrt(spread * (churn_rate * (1 - churn_rate) + spread / 4)) / (1 + spread) as half_width
    from counted
)

select
    night.as_of_date,
    counted.risk_level,
    counted.tier_group,
    coalesce(cast(night.churn_model_version as text), 'cells') as churn_model_version,
    recorded.slices,
    cast(counted.flagged as bigint) as flagged,
    cast(counted.churned as bigint) as churned,
    counted.churn_rate,
    case when counted.flagged > 0 then greatest(bounded.middle - bounded.half_width, 0) end as churn_rate_low,
    case when counted.flagged > 0 then least(bounded.middle + bounded.half_width, 1) end as churn_rate_high,
    
        case when counted.risk_level = 'all' then cast(by_probability.auc as double precision) end as auc,
    
        case when counted.risk_level = 'all' then cast(by_recency.auc as double precision) end as auc_recency,
    
        case when counted.risk_level = 'all' then cast(by_probability.lift_top_10 as double precision) end as lift_top_10,
    
        case when counted.risk_level = 'all' then cast(by_probability.calibration_error as double precision) end as calibration_error,
    
    cast(trim_scale((counted.lost_margin_flagged) * 1.000000000000000000000000000000 / nullif(counted.lost_margin, 0)) as double precision)
        as lost_margin_flagged_share,
    counted.flagged_customers,
    counted.churned_customers
from counted
cross join __dbt__cte__stg_night as night
cross join recorded
inner join bounded on counted.risk_level = bounded.risk_level and counted.tier_group = bounded.tier_group
left join __dbt__cte__churn_record_group as by_probability
    on counted.tier_group = by_probability.tier_group and by_probability.score = 'probability'
left join __dbt__cte__churn_record_group as by_recency
    on counted.tier_group = by_recency.tier_group and by_recency.score = 'recency'
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "as_of_date", "risk_level", "tier_group", "churn_model_version", "slices", "flagged", "churned", "churn_rate", "churn_rate_low", "churn_rate_high", "auc", "auc_recency", "lift_top_10", "calibration_error", "lost_margin_flagged_share", "flagged_customers", "churned_customers", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('8' as bigint)
 as "flagged", 
    
    cast('4' as bigint)
 as "churned", 
    
    cast('0.5' as double precision)
 as "churn_rate", 
    
    cast('0.21132486540518713' as double precision)
 as "churn_rate_low", 
    
    cast('0.7886751345948129' as double precision)
 as "churn_rate_high", 
    
    cast('0.75' as double precision)
 as "auc", 
    
    cast('0.625' as double precision)
 as "auc_recency", 
    
    cast('2' as double precision)
 as "lift_top_10", 
    
    cast('0.125' as double precision)
 as "calibration_error", 
    
    cast('1' as double precision)
 as "lost_margin_flagged_share", 
    
    cast('5' as bigint)
 as "flagged_customers", 
    
    cast('2' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('4' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast('0' as double precision)
 as "churn_rate", 
    
    cast('0' as double precision)
 as "churn_rate_low", 
    
    cast('0.5' as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast('0' as double precision)
 as "lost_margin_flagged_share", 
    
    cast('3' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('4' as bigint)
 as "flagged", 
    
    cast('4' as bigint)
 as "churned", 
    
    cast('1' as double precision)
 as "churn_rate", 
    
    cast('0.5' as double precision)
 as "churn_rate_low", 
    
    cast('1' as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast('1' as double precision)
 as "lost_margin_flagged_share", 
    
    cast('2' as bigint)
 as "flagged_customers", 
    
    cast('2' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
union all
select 
    
    cast('2025-06-30' as date)
 as "as_of_date", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('cells' as text)
 as "churn_model_version", 
    
    cast('2' as bigint)
 as "slices", 
    
    cast('0' as bigint)
 as "flagged", 
    
    cast('0' as bigint)
 as "churned", 
    
    cast(null as double precision)
 as "churn_rate", 
    
    cast(null as double precision)
 as "churn_rate_low", 
    
    cast(null as double precision)
 as "churn_rate_high", 
    
    cast(null as double precision)
 as "auc", 
    
    cast(null as double precision)
 as "auc_recency", 
    
    cast(null as double precision)
 as "lift_top_10", 
    
    cast(null as double precision)
 as "calibration_error", 
    
    cast(null as double precision)
 as "lost_margin_flagged_share", 
    
    cast('0' as bigint)
 as "flagged_customers", 
    
    cast('0' as bigint)
 as "churned_customers"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected