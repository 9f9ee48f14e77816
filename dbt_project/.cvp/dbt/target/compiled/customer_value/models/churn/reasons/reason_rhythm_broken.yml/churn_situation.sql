
-- Fixture for churn_situation
select cast(null as integer) as "slice", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast('two' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(2 as double precision)
 as "rhythm", cast(null as double precision) as "trend", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as boolean) as "is_churned"
union all
select cast(null as integer) as "slice", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast('nearly' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(1.999 as double precision)
 as "rhythm", cast(null as double precision) as "trend", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as boolean) as "is_churned"
union all
select cast(null as integer) as "slice", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('before' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(5 as double precision)
 as "rhythm", cast(null as double precision) as "trend", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as boolean) as "is_churned"
union all
select cast(null as integer) as "slice", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast('not_active' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(5 as double precision)
 as "rhythm", cast(null as double precision) as "trend", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", cast(null as boolean) as "is_churned"