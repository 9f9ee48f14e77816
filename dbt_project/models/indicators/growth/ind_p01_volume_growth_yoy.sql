-- One row per active customer: how its volume grew against the year before.
{%- set indicator = {
    'id': 'P01', 'name': 'volume_growth_yoy',
    'name_en': 'Volume growth, year on year', 'name_zh': '销量同比增长',
    'dimension': 'potential', 'group': 'growth', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': '(volume 12m - volume prior 12m) / greatest of the two',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer_id,
    case
        when not is_first_line_in_12m
            then {{ safe_ratio('volume_12m - volume_prior_12m', 'greatest(volume_12m, volume_prior_12m)') }}
    end as value
from {{ ref('int_customer_window') }}
