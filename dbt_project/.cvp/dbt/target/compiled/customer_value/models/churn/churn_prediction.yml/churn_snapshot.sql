
-- Fixture for churn_snapshot
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", cast(null as boolean) as "is_churned"