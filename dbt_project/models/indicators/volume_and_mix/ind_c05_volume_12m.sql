-- One row per active customer: its volume in 12m.
{%- set indicator = {
    'id': 'C05', 'name': 'volume_12m',
    'name_en': 'Volume, 12 months', 'name_zh': '近12个月销量',
    'dimension': 'current', 'group': 'volume_and_mix', 'unit': 'volume',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'volume of the lines in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    volume_12m as value
from {{ ref('int_customer_window') }}
