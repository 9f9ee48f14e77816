
-- Fixture for churn_situation
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(null as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(-1 as integer)
 as "trend_band", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", cast(null as double precision) as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(2 as integer)
 as "orders_band", 
    
    cast(3 as integer)
 as "rhythm_band", 
    
    cast(0 as integer)
 as "trend_band", 
    
    cast(True as boolean)
 as "is_churned"