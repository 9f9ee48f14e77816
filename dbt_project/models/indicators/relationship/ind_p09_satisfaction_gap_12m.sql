-- One row per active customer: by how much we met its expectations in 12m.
{%- set indicator = {
    'id': 'P09', 'name': 'satisfaction_gap_12m',
    'name_en': 'Satisfaction gap, 12 months', 'name_zh': '近12个月满意度差距',
    'dimension': 'potential', 'group': 'relationship', 'unit': 'points',
    'better': 'higher', 'scale': 'linear',
    'formula': 'mean of perceived - expected over the survey rows in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with gap as (
    select
        response.customer_id,
        {{ safe_ratio('sum(response.perceived - response.expected)', 'count(*)') }} as mean_gap
    from {{ ref('int_survey_response') }} as response
    cross join {{ ref('stg_night') }} as night
    where response.surveyed_on > night.from_12m
    group by response.customer_id
)

select
    customer.customer_id,
    gap.mean_gap as value
from {{ ref('int_customer_window') }} as customer
left join gap on customer.customer_id = gap.customer_id
