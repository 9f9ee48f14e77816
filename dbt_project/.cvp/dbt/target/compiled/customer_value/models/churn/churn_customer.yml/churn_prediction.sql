
-- Fixture for churn_prediction
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('seen' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.25 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('medium' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.75 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant_unvalidated' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", 
    
    cast(False as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(null as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('unvalidated' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(False as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(null as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('low' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('window_of_6_months' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.5 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('gone' as text)
 as "customer_id", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(True as boolean)
 as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.5 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"