-- One row per active customer: how its margin grew against the year before.
{%- set indicator = {
    'id': 'P02', 'name': 'margin_growth_yoy',
    'name_en': 'Margin growth, year on year', 'name_zh': '毛利同比增长',
    'dimension': 'potential', 'group': 'growth', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': '(margin 12m - margin prior 12m) / greatest of their absolute values',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    case
        when not is_first_line_in_12m
            then {{ safe_ratio(
                'margin_12m - margin_prior_12m', 'greatest(abs(margin_12m), abs(margin_prior_12m))'
            ) }}
    end as value
from {{ ref('int_customer_window') }}
