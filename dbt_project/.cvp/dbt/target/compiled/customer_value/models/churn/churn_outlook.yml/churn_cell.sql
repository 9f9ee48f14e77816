
-- Fixture for churn_cell
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
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(5 as integer)
 as "rhythm_band", 
    
    cast(3 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(5 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(6 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"
union all
select 
    
    cast(1 as integer)
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
    
    cast(5 as bigint)
 as "seen", cast(null as bigint) as "churned"