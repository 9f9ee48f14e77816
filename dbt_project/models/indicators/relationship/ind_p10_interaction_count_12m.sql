-- One row per active customer: how often we were in touch with it in 12m.
{%- set indicator = {
    'id': 'P10', 'name': 'interaction_count_12m',
    'name_en': 'Interactions, 12 months', 'name_zh': '近12个月互动次数',
    'dimension': 'potential', 'group': 'relationship', 'unit': 'count',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'interactions in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with contact as (
    select
        interaction.customer_id,
        count(*) as interaction_count
    from {{ ref('int_interaction') }} as interaction
    cross join {{ ref('stg_night') }} as night
    where interaction.occurred_on > night.from_12m
    group by interaction.customer_id
)

select
    customer.customer_id,
    case when supplied.is_supplied then cast(coalesce(contact.interaction_count, 0) as numeric) end as value
from {{ ref('int_customer_window') }} as customer
inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'interaction'
left join contact on customer.customer_id = contact.customer_id
