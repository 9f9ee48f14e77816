-- One row per recorded slice and customer with a line in the 12 months before it: what it brought in them.
with  __dbt__cte__churn_contribution_history as (
select
    'a' as customer_id, array[date '2024-01-01', date '2024-12-02', date '2025-01-01'] as edges,
    array[1.0, 2, 3] as line_counts_so_far, cast(array[6, 14, 30] as numeric[]) as volumes_so_far,
    array[60.0, 100, 160] as revenues_so_far, array[10.0, 40, 60] as costed_revenues_so_far,
    array[3.0, 5, 8] as costed_margins_so_far, array[1.0, 2, 3] as uncosted_line_counts_so_far
),  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('2025-06-30' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-06-30' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('2025-01-01' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2024-01-01' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast('2024-12-02' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2023-12-02' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(3 as integer)
 as "slice", 
    
    cast('2023-12-02' as date)
 as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", 
    
    cast('2022-12-02' as date)
 as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
), positioned as (
    select
        slice.slice,
        history.customer_id,
        width_bucket(slice.snapshot_on, history.edges) as at_snapshot_on,
        width_bucket(slice.history_from, history.edges) as at_history_from,
        
            history.line_counts_so_far,
        
            history.volumes_so_far,
        
            history.revenues_so_far,
        
            history.costed_revenues_so_far,
        
            history.costed_margins_so_far,
        
            history.uncosted_line_counts_so_far
        
    from __dbt__cte__churn_contribution_history as history
    cross join __dbt__cte__churn_slice as slice
    where slice.is_recorded
),

summed as (
    select
        slice,
        customer_id,
        
            line_counts_so_far[at_snapshot_on] - coalesce(line_counts_so_far[at_history_from], 0)
                as line_count_12m,
        
            volumes_so_far[at_snapshot_on] - coalesce(volumes_so_far[at_history_from], 0)
                as volume_12m,
        
            revenues_so_far[at_snapshot_on] - coalesce(revenues_so_far[at_history_from], 0)
                as revenue_12m,
        
            costed_revenues_so_far[at_snapshot_on] - coalesce(costed_revenues_so_far[at_history_from], 0)
                as costed_revenue_12m,
        
            costed_margins_so_far[at_snapshot_on] - coalesce(costed_margins_so_far[at_history_from], 0)
                as costed_margin_12m,
        
            uncosted_line_counts_so_far[at_snapshot_on] - coalesce(uncosted_line_counts_so_far[at_history_from], 0)
                as uncosted_line_count_12m
        
    from positioned
    where at_snapshot_on > at_history_from
)

select
    slice,
    customer_id,
    volume_12m,
    case
        when line_count_12m = 0 then 0
        when revenue_12m = 0 and uncosted_line_count_12m > 0 then null
        when revenue_12m = 0 then costed_margin_12m
        when costed_revenue_12m < revenue_12m * 0.5 then null
        else trim_scale((costed_margin_12m * revenue_12m) * 1.000000000000000000000000000000 / nullif(costed_revenue_12m, 0))
    end as margin_12m
from summed