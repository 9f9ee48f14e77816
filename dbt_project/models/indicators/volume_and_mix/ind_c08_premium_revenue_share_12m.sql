-- One row per active customer: the share of premium products in its revenue in 12m.
{%- set indicator = {
    'id': 'C08', 'name': 'premium_revenue_share_12m',
    'name_en': 'Premium revenue share, 12 months', 'name_zh': '近12个月高端产品销售额占比',
    'dimension': 'current', 'group': 'volume_and_mix', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'revenue of premium products / revenue, in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    {{ safe_ratio('premium_revenue_12m', 'revenue_12m') }} as value
from {{ ref('int_customer_window') }}
