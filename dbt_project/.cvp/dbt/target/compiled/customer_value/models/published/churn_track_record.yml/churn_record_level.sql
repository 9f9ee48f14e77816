
-- Fixture for churn_record_level
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast(8 as numeric)
 as "flagged", 
    
    cast(4 as numeric)
 as "churned", 
    
    cast(5 as bigint)
 as "flagged_customers", 
    
    cast(2 as bigint)
 as "churned_customers", 
    
    cast(10 as numeric)
 as "lost_margin", 
    
    cast(10 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(4 as numeric)
 as "flagged", 
    
    cast(4 as numeric)
 as "churned", 
    
    cast(2 as bigint)
 as "flagged_customers", 
    
    cast(2 as bigint)
 as "churned_customers", 
    
    cast(10 as numeric)
 as "lost_margin", 
    
    cast(10 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast(4 as numeric)
 as "flagged", 
    
    cast(0 as numeric)
 as "churned", 
    
    cast(3 as bigint)
 as "flagged_customers", 
    
    cast(0 as bigint)
 as "churned_customers", 
    
    cast(0 as numeric)
 as "lost_margin", 
    
    cast(0 as numeric)
 as "lost_margin_flagged"