with __dbt__cte__churn_situation as (

-- Fixture for churn_situation
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(null as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(True as boolean)
 as "is_churned"
),  __dbt__cte__churn_snapshot as (

-- Fixture for churn_snapshot
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(null as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
) -- One row per slice and combination of bands that customers were in, and one per slice for its dormant customers: how
-- many were seen and how many of them churned (none yet for the evaluated date). Every rate is a sum of these.
select
    slice,
    false as is_dormant,
    silence_band,
    orders_band,
    rhythm_band,
    trend_band,
    count(*) as seen,
    count(*) filter (where is_churned) as churned
from __dbt__cte__churn_situation
group by slice, silence_band, orders_band, rhythm_band, trend_band
union all
select
    slice,
    true as is_dormant,
    null as silence_band,
    null as orders_band,
    null as rhythm_band,
    null as trend_band,
    count(*) as seen,
    count(*) filter (where is_churned) as churned
from __dbt__cte__churn_snapshot
where is_dormant
group by slice