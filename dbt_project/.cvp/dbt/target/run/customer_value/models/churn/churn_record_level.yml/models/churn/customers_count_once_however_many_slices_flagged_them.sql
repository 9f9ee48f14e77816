
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "tier_group","risk_level","flagged","churned","flagged_customers","churned_customers","lost_margin","lost_margin_flagged", 'actual' as "actual_or_expected"
  from (
    -- One row per tier group and level (`all`: every level) that was predicted: customer-slices and customers flagged so, how
-- many of them churned, and the margin that went with those.
with  __dbt__cte__churn_record as (

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
), customer as (
    select
        grouped.tier_group,
        levelled.risk_level,
        record.customer_id,
        count(*) as flagged,
        count(*) filter (where record.is_churned) as churned,
        sum(record.margin_12m) filter (where record.is_churned) as lost_margin,
        sum(record.margin_12m) filter (where record.is_churned and record.risk_level != 'low') as lost_margin_flagged
    from __dbt__cte__churn_record as record
    cross join lateral (values ('all'), (record.tier_group)) as grouped (tier_group)
    cross join lateral (values ('all'), (record.risk_level)) as levelled (risk_level)
    where grouped.tier_group in ('all', 'core', 'important')
    group by grouped.tier_group, levelled.risk_level, record.customer_id
)

select
    tier_group,
    risk_level,
    sum(flagged) as flagged,
    sum(churned) as churned,
    count(*) as flagged_customers,
    count(*) filter (where churned > 0) as churned_customers,
    coalesce(sum(lost_margin), 0) as lost_margin,
    coalesce(sum(lost_margin_flagged), 0) as lost_margin_flagged
from customer
group by tier_group, risk_level
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "tier_group", "risk_level", "flagged", "churned", "flagged_customers", "churned_customers", "lost_margin", "lost_margin_flagged", 'expected' as "actual_or_expected"
  from (
    select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast(4 as numeric)
 as "flagged", 
    
    cast(3 as numeric)
 as "churned", 
    
    cast(3 as bigint)
 as "flagged_customers", 
    
    cast(3 as bigint)
 as "churned_customers", 
    
    cast(14 as numeric)
 as "lost_margin", 
    
    cast(12 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(2 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(8 as numeric)
 as "lost_margin", 
    
    cast(8 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast(1 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(4 as numeric)
 as "lost_margin", 
    
    cast(4 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('all' as text)
 as "tier_group", 
    
    cast('low' as text)
 as "risk_level", 
    
    cast(1 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(2 as numeric)
 as "lost_margin", 
    
    cast(0 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast(2 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(8 as numeric)
 as "lost_margin", 
    
    cast(8 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('core' as text)
 as "tier_group", 
    
    cast('high' as text)
 as "risk_level", 
    
    cast(2 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(8 as numeric)
 as "lost_margin", 
    
    cast(8 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('all' as text)
 as "risk_level", 
    
    cast(1 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(4 as numeric)
 as "lost_margin", 
    
    cast(4 as numeric)
 as "lost_margin_flagged"
union all
select 
    
    cast('important' as text)
 as "tier_group", 
    
    cast('medium' as text)
 as "risk_level", 
    
    cast(1 as numeric)
 as "flagged", 
    
    cast(1 as numeric)
 as "churned", 
    
    cast(1 as bigint)
 as "flagged_customers", 
    
    cast(1 as bigint)
 as "churned_customers", 
    
    cast(4 as numeric)
 as "lost_margin", 
    
    cast(4 as numeric)
 as "lost_margin_flagged"
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected