-- One row per slice and customer with a line in the 12 months before it: its features and their bands (0 lowest).
-- A cut belongs to the band above it, so quotients that reach a cut exactly must compare equal: they are doubles, rounded
-- to 12 decimals (a third of the time of numeric quotients over the slices of 100,000 customers).
with  __dbt__cte__churn_snapshot as (

-- Fixture for churn_snapshot
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('third' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(50 as integer)
 as "days_since_order", 
    
    cast(17 as integer)
 as "order_count", 
    
    cast(3 as integer)
 as "gap_count", 
    
    cast(100 as integer)
 as "gap_days", 
    
    cast(18 as numeric)
 as "recent_volume", 
    
    cast(91.25 as numeric)
 as "usual_volume", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('again' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(18 as integer)
 as "days_since_order", 
    
    cast(4 as integer)
 as "order_count", 
    
    cast(3 as integer)
 as "gap_count", 
    
    cast(100 as integer)
 as "gap_days", 
    
    cast(0.001 as numeric)
 as "recent_volume", 
    
    cast(1000000 as numeric)
 as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('quick' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(0 as integer)
 as "days_since_order", 
    
    cast(1 as integer)
 as "order_count", 
    
    cast(1 as integer)
 as "gap_count", 
    
    cast(20 as integer)
 as "gap_days", 
    
    cast(0 as numeric)
 as "recent_volume", 
    
    cast(0 as numeric)
 as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(500 as integer)
 as "days_since_order", 
    
    cast(0 as integer)
 as "order_count", 
    
    cast(1 as integer)
 as "gap_count", 
    
    cast(1 as integer)
 as "gap_days", 
    
    cast(0 as numeric)
 as "recent_volume", 
    
    cast(0 as numeric)
 as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", 
    
    cast(180 as integer)
 as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"
),  __dbt__cte__churn_rule as (
select
    3.0 as gap_prior_count, 90 as recent_days, 365 as usual_days,
    array[0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5] as silence_cuts, array[2.0, 3, 5, 9, 17] as orders_cuts,
    array[0.5, 1, 1.5, 2, 3] as rhythm_cuts, array[0.5, 0.8, 1.25] as trend_cuts
), seen as (
    select
        slice,
        is_closed,
        customer_id,
        days_since_order,
        order_count,
        gap_count,
        gap_days,
        recent_volume,
        usual_volume,
        is_churned
    from __dbt__cte__churn_snapshot
    where not is_dormant
),

company_gap as (
    select
        slice,
        percentile_cont(0.5) within group (order by cast(gap_days as double precision) / gap_count) as median_gap_days
    from seen
    where gap_count > 0
    group by slice
),

quotient as (
    select
        seen.slice,
        seen.is_closed,
        seen.customer_id,
        seen.days_since_order,
        seen.order_count,
        seen.is_churned,
        cast(seen.days_since_order as double precision) / night.churn_horizon_days as silence,
        seen.days_since_order * cast(seen.gap_count + churn_rule.gap_prior_count as double precision)
        / (
            seen.gap_days + cast(churn_rule.gap_prior_count as double precision)
            * coalesce(company_gap.median_gap_days, night.churn_horizon_days)
        ) as rhythm,
        case
            when seen.recent_volume = 0 then 0
            else
                cast(seen.recent_volume * churn_rule.usual_days as double precision)
                / cast(seen.usual_volume * churn_rule.recent_days as double precision)
        end as trend
    from seen
    cross join __dbt__cte__stg_night as night
    cross join __dbt__cte__churn_rule as churn_rule
    left join company_gap on seen.slice = company_gap.slice
),

featured as (
    select
        slice,
        is_closed,
        customer_id,
        days_since_order,
        order_count,
        is_churned,
        trend = 0 as is_without_volume,
        
            floor(silence * 1e12 + 0.5) / 1e12 as silence,
        
            floor(rhythm * 1e12 + 0.5) / 1e12 as rhythm,
        
            floor(trend * 1e12 + 0.5) / 1e12 as trend
        
    from quotient
)

select
    featured.slice,
    featured.is_closed,
    featured.customer_id,
    featured.days_since_order,
    featured.silence,
    featured.order_count,
    featured.rhythm,
    featured.trend,
    width_bucket(featured.silence, churn_rule.silence_cuts) as silence_band,
    width_bucket(cast(featured.order_count as double precision), churn_rule.orders_cuts) as orders_band,
    width_bucket(featured.rhythm, churn_rule.rhythm_cuts) as rhythm_band,
    -- no volume at all is a band of its own, below the lowest
    case
        when featured.is_without_volume then -1
        else width_bucket(featured.trend, churn_rule.trend_cuts)
    end as trend_band,
    featured.is_churned
from featured
cross join __dbt__cte__churn_rule as churn_rule