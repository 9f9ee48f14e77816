
-- Fixture for churn_outlook
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(0 as numeric)
 as "base_rate", 
    
    cast(0 as numeric)
 as "high_from", 
    
    cast(0 as numeric)
 as "medium_from", 
    
    cast(False as boolean)
 as "is_validated", 
    
    cast(null as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(0 as numeric)
 as "base_rate", 
    
    cast(0 as numeric)
 as "high_from", 
    
    cast(0 as numeric)
 as "medium_from", 
    
    cast(False as boolean)
 as "is_validated", 
    
    cast(null as numeric)
 as "probability"