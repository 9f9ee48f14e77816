-- One row per active customer: the revenue in 12m of the customers that it referred.
{%- set indicator = {
    'id': 'P14', 'name': 'referred_revenue_12m',
    'name_en': 'Revenue of referred customers, 12 months', 'name_zh': '近12个月转介绍客户销售额',
    'dimension': 'potential', 'group': 'strategic', 'unit': 'money',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'revenue in 12m of the customers that this one referred, itself left out, each counted once',
} -%}
{{ config(meta={'indicator': indicator}) }}

with referred as (
    select distinct
        customer_id,
        referred_customer_id
    from {{ ref('int_collaboration') }}
    where kind = 'referral' and referred_customer_id <> customer_id
),

brought as (
    select
        referred.customer_id,
        sum(sales.revenue_12m) as revenue_12m
    from referred
    inner join {{ ref('int_customer_sales') }} as sales on referred.referred_customer_id = sales.customer_id
    group by referred.customer_id
)

select
    customer.customer_id,
    case when supplied.is_supplied then coalesce(brought.revenue_12m, 0) end as value
from {{ ref('int_customer_window') }} as customer
inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'collaboration'
left join brought on customer.customer_id = brought.customer_id
