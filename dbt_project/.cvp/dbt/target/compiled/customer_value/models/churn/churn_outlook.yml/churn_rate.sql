
-- Fixture for churn_rate
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('base' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(200 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.2 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('silence' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.35 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('orders' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.3 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('rhythm' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", cast(null as integer) as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.4 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('trend' as text)
 as "grain", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", cast(null as integer) as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as numeric) as "seen", cast(null as numeric) as "churned", 
    
    cast(0.6 as numeric)
 as "rate"
union all
select 
    
    cast(0 as integer)
 as "for_slice", 
    
    cast('dormant' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(10 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.9 as numeric)
 as "rate"
union all
select 
    
    cast(1 as integer)
 as "for_slice", 
    
    cast('base' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(5000 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.2 as numeric)
 as "rate"
union all
select 
    
    cast(1 as integer)
 as "for_slice", 
    
    cast('dormant' as text)
 as "grain", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(10 as numeric)
 as "seen", cast(null as numeric) as "churned", 
    
    cast(0.9 as numeric)
 as "rate"