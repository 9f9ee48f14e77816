
-- Fixture for churn_record
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"
union all
select 
    
    cast(3 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", cast(null as text) as "tier_group", cast(null as integer) as "days_since_order", cast(null as numeric) as "probability", cast(null as text) as "risk_level", cast(null as boolean) as "is_churned", cast(null as numeric) as "margin_12m"