
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