
-- Fixture for churn_contribution
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('best' as text)
 as "customer_id", 
    
    cast(29 as numeric)
 as "volume_12m", 
    
    cast(59 as numeric)
 as "margin_12m"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('unknown' as text)
 as "customer_id", 
    
    cast(40 as numeric)
 as "volume_12m", 
    
    cast(null as numeric)
 as "margin_12m"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('loses' as text)
 as "customer_id", 
    
    cast(30 as numeric)
 as "volume_12m", 
    
    cast(-5 as numeric)
 as "margin_12m"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('tail' as text)
 as "customer_id", 
    
    cast(1 as numeric)
 as "volume_12m", 
    
    cast(1 as numeric)
 as "margin_12m"