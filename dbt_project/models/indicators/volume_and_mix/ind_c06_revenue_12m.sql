-- One row per active customer: its revenue in 12m.
{%- set indicator = {
    'id': 'C06', 'name': 'revenue_12m',
    'name_en': 'Revenue, 12 months', 'name_zh': '近12个月销售额',
    'dimension': 'current', 'group': 'volume_and_mix', 'unit': 'money',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'revenue of the lines in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    revenue_12m as value
from {{ ref('int_customer_window') }}
