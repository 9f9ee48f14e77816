
-- Fixture for churn_record
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", 
    
    cast('general' as text)
 as "tier_group", 
    
    cast(1 as integer)
 as "days_since_order", 
    
    cast(1 as numeric)
 as "probability", cast(null as text) as "risk_level", 
    
    cast(False as boolean)
 as "is_churned", cast(null as numeric) as "margin_12m"
union all
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", 
    
    cast('general' as text)
 as "tier_group", 
    
    cast(2 as integer)
 as "days_since_order", 
    
    cast(0 as numeric)
 as "probability", cast(null as text) as "risk_level", 
    
    cast(False as boolean)
 as "is_churned", cast(null as numeric) as "margin_12m"