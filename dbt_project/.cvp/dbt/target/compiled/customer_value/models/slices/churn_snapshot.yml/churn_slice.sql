
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