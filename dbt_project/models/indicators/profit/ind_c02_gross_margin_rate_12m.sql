-- One row per active customer: its margin per revenue in 12m.
{%- set indicator = {
    'id': 'C02', 'name': 'gross_margin_rate_12m',
    'name_en': 'Gross margin rate, 12 months', 'name_zh': '近12个月毛利率',
    'dimension': 'current', 'group': 'profit', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'C01 / revenue in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    {{ safe_ratio('margin_12m', 'revenue_12m') }} as value
from {{ ref('int_customer_window') }}
