-- One row per active customer: the calendar months in which it had a line in 12m.
{%- set indicator = {
    'id': 'C09', 'name': 'active_months_12m',
    'name_en': 'Active months, 12 months', 'name_zh': '近12个月活跃月数',
    'dimension': 'current', 'group': 'stability', 'unit': 'months',
    'better': 'higher', 'scale': 'linear',
    'formula': 'distinct calendar months with a line in 12m, at most 12',
} -%}
{{ config(meta={'indicator': indicator}) }}

with month as (
    select
        bought.customer_id,
        count(distinct date_trunc('month', bought.ordered_on)) as month_count
    from {{ ref('int_customer_order_day') }} as bought
    cross join {{ ref('stg_night') }} as night
    where bought.ordered_on > night.from_12m
    group by bought.customer_id
)

select
    customer.customer_id,
    cast(least(12, coalesce(month.month_count, 0)) as numeric) as value
from {{ ref('int_customer_window') }} as customer
left join month on customer.customer_id = month.customer_id
