-- One row per active customer: the share of new products in its revenue in 12m.
{%- set indicator = {
    'id': 'P07', 'name': 'new_product_share_12m',
    'name_en': 'New product share, 12 months', 'name_zh': '近12个月新品销售额占比',
    'dimension': 'potential', 'group': 'wallet', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'revenue of products launched in 36m / revenue, in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    {{ safe_ratio('new_product_revenue_12m', 'revenue_12m') }} as value
from {{ ref('int_customer_window') }}
