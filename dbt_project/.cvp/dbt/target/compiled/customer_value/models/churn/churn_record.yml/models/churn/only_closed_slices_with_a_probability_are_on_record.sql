with __dbt__cte__churn_prediction as (

-- Fixture for churn_prediction
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(False as boolean)
 as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as boolean) as "is_dormant", cast(null as boolean) as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.5 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('high' as text)
 as "risk_level", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as boolean) as "is_dormant", cast(null as boolean) as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(0.25 as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(2 as integer)
 as "slice", cast(null as date) as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as boolean) as "is_dormant", cast(null as boolean) as "is_validated", cast(null as integer) as "days_since_order", 
    
    cast(null as numeric)
 as "probability", cast(null as numeric) as "base_rate", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast(False as boolean)
 as "is_churned"
),  __dbt__cte__churn_tier_group as (

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
) -- One row per recorded slice and customer whose probability was known then: what was predicted, from slices closed before
-- it, and what came of it.
select
    prediction.slice,
    prediction.snapshot_on,
    prediction.customer_id,
    tiered.tier_group,
    prediction.days_since_order,
    prediction.probability,
    prediction.risk_level,
    prediction.is_churned,
    tiered.margin_12m
from __dbt__cte__churn_prediction as prediction
inner join __dbt__cte__churn_tier_group as tiered
    on prediction.slice = tiered.slice and prediction.customer_id = tiered.customer_id
where prediction.is_closed and prediction.probability is not null