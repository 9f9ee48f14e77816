-- One row per active customer: how long it has been a customer.
{%- set indicator = {
    'id': 'P08', 'name': 'relationship_years',
    'name_en': 'Years of relationship', 'name_zh': '合作年限',
    'dimension': 'potential', 'group': 'relationship', 'unit': 'years',
    'better': 'higher', 'scale': 'linear',
    'formula': '(D - least(customer_since_on, first line\'s date)) / 365.25',
} -%}
{{ config(meta={'indicator': indicator}) }}

with known as (
    select
        customer.customer_id,
        night.as_of_date,
        customer.first_line_on,
        case when master.customer_since_on <= night.as_of_date then master.customer_since_on end as customer_since_on
    from {{ ref('int_customer_window') }} as customer
    left join {{ ref('int_customer') }} as master on customer.customer_id = master.customer_id
    cross join {{ ref('stg_night') }} as night
)

select
    customer_id,
    {{ safe_ratio(
        'as_of_date - least(coalesce(customer_since_on, first_line_on), coalesce(first_line_on, customer_since_on))', '365.25'
    ) }} as value
from known
