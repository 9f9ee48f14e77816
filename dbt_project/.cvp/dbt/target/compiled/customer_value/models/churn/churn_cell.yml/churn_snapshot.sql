
-- Fixture for churn_snapshot
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(null as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(False as boolean)
 as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", cast(null as text) as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", 
    
    cast(True as boolean)
 as "is_churned"