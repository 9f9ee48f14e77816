
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