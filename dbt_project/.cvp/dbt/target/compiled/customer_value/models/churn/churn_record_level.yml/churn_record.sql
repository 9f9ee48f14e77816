
-- Fixture for churn_record
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('core' as text)
 as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(False as boolean)
 as "is_churned", 
    
    cast(10 as numeric)
 as "margin_12m"
union all
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('core' as text)
 as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(True as boolean)
 as "is_churned", 
    
    cast(8 as numeric)
 as "margin_12m"
union all
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", 
    
    cast('b' as text)
 as "customer_id", 
    
    cast('important' as text)
 as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast(True as boolean)
 as "is_churned", 
    
    cast(4 as numeric)
 as "margin_12m"
union all
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", 
    
    cast('c' as text)
 as "customer_id", 
    
    cast('general' as text)
 as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast(True as boolean)
 as "is_churned", 
    
    cast(2 as numeric)
 as "margin_12m"