
-- Fixture for churn_tier_group
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('core' as text)
 as "tier_group", 
    
    cast(7 as numeric)
 as "margin_12m"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('general' as text)
 as "tier_group", 
    
    cast(8 as numeric)
 as "margin_12m"