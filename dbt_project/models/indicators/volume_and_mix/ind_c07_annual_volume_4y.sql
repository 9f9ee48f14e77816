-- One row per active customer: its volume a year over the last four years.
{%- set indicator = {
    'id': 'C07', 'name': 'annual_volume_4y',
    'name_en': 'Annual volume over four years', 'name_zh': '四年年均销量',
    'dimension': 'current', 'group': 'volume_and_mix', 'unit': 'volume a year',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'volume in 48m / years observed (at most 4)',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    case when years_observed >= 2 then {{ safe_ratio('volume_48m', 'years_observed') }} end as value
from {{ ref('int_customer_window') }}
