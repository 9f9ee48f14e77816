-- One row per active customer: the highest level of its contracts valid at D.
{%- set indicator = {
    'id': 'P11', 'name': 'relationship_level',
    'name_en': 'Relationship level', 'name_zh': '合作关系等级',
    'dimension': 'potential', 'group': 'relationship', 'unit': 'level',
    'better': 'higher', 'scale': 'linear',
    'formula': 'highest level of the contracts valid at D: spot 0, preferred 1, partner 2, strategic alliance 3',
} -%}
{{ config(meta={'indicator': indicator}) }}

with valid as (
    select
        customer_id,
        max(relationship_level) as relationship_level
    from {{ ref('int_contract') }}
    where is_valid
    group by customer_id
)

select
    customer.customer_id,
    case when supplied.is_supplied then cast(coalesce(valid.relationship_level, 0) as numeric) end as value
from {{ ref('int_customer_window') }} as customer
inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'contract'
left join valid on customer.customer_id = valid.customer_id
