
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "slice","customer_id","is_closed","days_since_order","order_count","is_churned", 'actual' as "actual_or_expected"
  from (
    -- One row per slice and customer with a line in the active window before it: what was known of it on that day, and
-- whether it ordered again inside the horizon (null for the evaluated date).
with  __dbt__cte__churn_order_history as (
select 'a' as customer_id, array[date '2025-06-30'] as order_dates, array[4.0] as volumes_so_far
),  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('2025-06-30' as date)
 as "snapshot_on", 
    
    cast(False as boolean)
 as "is_closed", cast(null as boolean) as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-06-30' as date)
 as "history_from", 
    
    cast('2022-06-30' as date)
 as "gap_history_from", 
    
    cast('2023-06-30' as date)
 as "active_from", 
    
    cast('2025-04-01' as date)
 as "recent_from", 
    
    cast('2024-06-30' as date)
 as "usual_from", 
    
    cast('2025-12-27' as date)
 as "outcome_to"
), positioned as (
    select
        slice.slice,
        slice.snapshot_on,
        slice.is_closed,
        history.customer_id,
        history.order_dates,
        history.volumes_so_far,
        
            width_bucket(slice.snapshot_on, history.order_dates)
                as at_snapshot_on,
        
            width_bucket(slice.history_from, history.order_dates)
                as at_history_from,
        
            width_bucket(slice.gap_history_from, history.order_dates)
                as at_gap_history_from,
        
            width_bucket(slice.active_from, history.order_dates)
                as at_active_from,
        
            width_bucket(slice.recent_from, history.order_dates)
                as at_recent_from,
        
            width_bucket(slice.usual_from, history.order_dates)
                as at_usual_from,
        
            width_bucket(slice.outcome_to, history.order_dates)
                as at_outcome_to
        
    from __dbt__cte__churn_order_history as history
    cross join __dbt__cte__churn_slice as slice
),

seen as (
    select
        slice,
        snapshot_on,
        is_closed,
        customer_id,
        at_snapshot_on = at_history_from as is_dormant,
        snapshot_on - order_dates[at_snapshot_on] as days_since_order,
        at_snapshot_on - at_history_from as order_count,
        greatest(at_snapshot_on - at_gap_history_from - 1, 0) as gap_count,
        case
            when at_snapshot_on > at_gap_history_from
                then order_dates[at_snapshot_on] - order_dates[at_gap_history_from + 1]
            else 0
        end as gap_days,
        volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_recent_from], 0) as recent_volume,
        volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_usual_from], 0) as usual_volume,
        case when is_closed then at_outcome_to = at_snapshot_on end as is_churned
    from positioned
    where at_snapshot_on > at_active_from or at_snapshot_on > at_history_from
)

select
    slice,
    snapshot_on,
    is_closed,
    customer_id,
    is_dormant,
    days_since_order,
    order_count,
    gap_count,
    gap_days,
    recent_volume,
    usual_volume,
    is_churned
from seen
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "slice", "customer_id", "is_closed", "days_since_order", "order_count", "is_churned", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast(0 as integer)
 as "days_since_order", 
    
    cast(1 as integer)
 as "order_count", 
    
    cast(null as boolean)
 as "is_churned"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected