-- One row per active customer: its margin in 12m.
{%- set indicator = {
    'id': 'C01', 'name': 'gross_margin_12m',
    'name_en': 'Gross margin, 12 months', 'name_zh': '近12个月毛利',
    'dimension': 'current', 'group': 'profit', 'unit': 'money',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'margin of the lines in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    margin_12m as value
from {{ ref('int_customer_window') }}
