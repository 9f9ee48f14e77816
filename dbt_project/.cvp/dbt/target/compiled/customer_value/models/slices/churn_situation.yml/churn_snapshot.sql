
-- Fixture for churn_snapshot
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(90 as integer)
 as "days_since_order", 
    
    cast(2 as integer)
 as "order_count", 
    
    cast(1 as integer)
 as "gap_count", 
    
    cast(10 as integer)
 as "gap_days", 
    
    cast(0 as numeric)
 as "recent_volume", 
    
    cast(5 as numeric)
 as "usual_volume", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(90 as integer)
 as "days_since_order", 
    
    cast(1 as integer)
 as "order_count", 
    
    cast(0 as integer)
 as "gap_count", 
    
    cast(0 as integer)
 as "gap_days", 
    
    cast(0 as numeric)
 as "recent_volume", 
    
    cast(5 as numeric)
 as "usual_volume", 
    
    cast(null as boolean)
 as "is_churned"