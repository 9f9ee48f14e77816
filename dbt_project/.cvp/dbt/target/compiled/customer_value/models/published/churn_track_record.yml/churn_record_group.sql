
-- Fixture for churn_record_group
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('probability' as text)
 as "score", 
    
    cast(0.75 as numeric)
 as "auc", 
    
    cast(2 as numeric)
 as "lift_top_10", 
    
    cast(0.125 as numeric)
 as "calibration_error"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('recency' as text)
 as "score", 
    
    cast(0.625 as numeric)
 as "auc", 
    
    cast(1.5 as numeric)
 as "lift_top_10", 
    
    cast(null as numeric)
 as "calibration_error"