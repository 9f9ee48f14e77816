-- One row per active customer: its margin a year over the last four years.
{%- set indicator = {
    'id': 'C04', 'name': 'annual_margin_4y',
    'name_en': 'Annual margin over four years', 'name_zh': '四年年均毛利',
    'dimension': 'current', 'group': 'profit', 'unit': 'money a year',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'margin in 48m / years observed (at most 4)',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    case when years_observed >= 2 then {{ safe_ratio('margin_48m', 'years_observed') }} end as value
from {{ ref('int_customer_window') }}
