
-- Fixture for churn_situation
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('two_gaps_late' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(3 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('one_gap_late' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(2 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('nearly' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(1.99 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as boolean) as "is_churned"