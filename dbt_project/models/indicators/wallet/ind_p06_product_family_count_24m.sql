-- One row per active customer: the product families that it bought in 24m.
{%- set indicator = {
    'id': 'P06', 'name': 'product_family_count_24m',
    'name_en': 'Product families, 24 months', 'name_zh': '近24个月采购产品族数',
    'dimension': 'potential', 'group': 'wallet', 'unit': 'count',
    'better': 'higher', 'scale': 'linear',
    'formula': 'distinct product families bought in 24m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with family as (
    select
        bought.customer_id,
        count(*) as family_count
    from {{ ref('int_customer_family') }} as bought
    cross join {{ ref('stg_night') }} as night
    where bought.last_line_on > night.from_24m
    group by bought.customer_id
)

select
    customer.customer_id,
    cast(coalesce(family.family_count, 0) as numeric) as value
from {{ ref('int_customer_window') }} as customer
left join family on customer.customer_id = family.customer_id
