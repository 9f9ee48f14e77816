
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "slice","customer_id","is_dormant","days_since_order","order_count","gap_count","gap_days","recent_volume","usual_volume","is_churned", 'actual' as "actual_or_expected"
  from (
    -- One row per slice and customer with a line in the active window before it: what was known of it on that day, and
-- whether it ordered again inside the horizon (null for the evaluated date).
with  __dbt__cte__churn_order_history as (
select
    'back' as customer_id,
    array[
        date '2022-01-01', date '2023-06-01', date '2024-01-02', date '2024-10-03', date '2024-12-22',
        date '2025-06-30'
    ] as order_dates,
    array[1, 3, 7, 15, 31.5, 64] as volumes_so_far
union all
select 'late', array[date '2025-01-01', date '2025-07-01'], array[2, 3]
union all
select 'dormant', array[date '2023-01-02', date '2024-01-01'], array[2, 3]
union all
select 'gone', array[date '2023-01-01'], array[2]
union all
select 'not_yet', array[date '2025-01-02'], array[2]
),  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('2025-01-01' as date)
 as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", cast(null as boolean) as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-01-01' as date)
 as "history_from", 
    
    cast('2022-01-01' as date)
 as "gap_history_from", 
    
    cast('2023-01-01' as date)
 as "active_from", 
    
    cast('2024-10-03' as date)
 as "recent_from", 
    
    cast('2024-01-02' as date)
 as "usual_from", 
    
    cast('2025-06-30' as date)
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
    "slice", "customer_id", "is_dormant", "days_since_order", "order_count", "gap_count", "gap_days", "recent_volume", "usual_volume", "is_churned", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('back' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(10 as integer)
 as "days_since_order", 
    
    cast(3 as integer)
 as "order_count", 
    
    cast(3 as integer)
 as "gap_count", 
    
    cast(570 as integer)
 as "gap_days", 
    
    cast(16.5 as numeric)
 as "recent_volume", 
    
    cast(24.5 as numeric)
 as "usual_volume", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('late' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(0 as integer)
 as "days_since_order", 
    
    cast(1 as integer)
 as "order_count", 
    
    cast(0 as integer)
 as "gap_count", 
    
    cast(0 as integer)
 as "gap_days", 
    
    cast(2 as numeric)
 as "recent_volume", 
    
    cast(2 as numeric)
 as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(366 as integer)
 as "days_since_order", 
    
    cast(0 as integer)
 as "order_count", 
    
    cast(1 as integer)
 as "gap_count", 
    
    cast(364 as integer)
 as "gap_days", 
    
    cast(0 as numeric)
 as "recent_volume", 
    
    cast(0 as numeric)
 as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected