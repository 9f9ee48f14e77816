
-- Fixture for churn_cell
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(5 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(0 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(1 as bigint)
 as "seen", 
    
    cast(0 as bigint)
 as "churned"