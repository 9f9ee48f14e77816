
    -- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    "customer_id","order_dates","volumes_so_far", 'actual' as "actual_or_expected"
  from (
    -- One row per customer with a line: its order dates in ascending order and the volume up to each of them.
-- Every feature of every slice is then a look-up of a date in that list: a fifth of the time of joining days to slices.
with  __dbt__cte__int_customer_order_day as (

-- Fixture for int_customer_order_day
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-03-01' as date)
 as "ordered_on", cast(null as bigint) as "line_count", 
    
    cast(5 as numeric)
 as "volume", cast(null as numeric) as "revenue", cast(null as numeric) as "costed_revenue", cast(null as numeric) as "costed_margin", cast(null as bigint) as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
union all
select 
    
    cast('a' as text)
 as "customer_id", 
    
    cast('2025-01-01' as date)
 as "ordered_on", cast(null as bigint) as "line_count", 
    
    cast(1.5 as numeric)
 as "volume", cast(null as numeric) as "revenue", cast(null as numeric) as "costed_revenue", cast(null as numeric) as "costed_margin", cast(null as bigint) as "uncosted_line_count", cast(null as numeric) as "premium_revenue", cast(null as numeric) as "new_product_revenue"
), running as (
    select
        customer_id,
        ordered_on,
        sum(volume) over (partition by customer_id order by ordered_on rows unbounded preceding) as volume_so_far
    from __dbt__cte__int_customer_order_day
)

select
    customer_id,
    array_agg(ordered_on order by ordered_on) as order_dates,
    array_agg(volume_so_far order by ordered_on) as volumes_so_far
from running
group by customer_id
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    "customer_id", "order_dates", "volumes_so_far", 'expected' as "actual_or_expected"
  from (
    select
    'a' as customer_id,
    array[date '2025-01-01', date '2025-03-01'] as order_dates,
    array[1.5, 6.5] as volumes_so_far
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected