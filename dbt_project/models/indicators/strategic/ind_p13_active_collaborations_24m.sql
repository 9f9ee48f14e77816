-- One row per active customer: the collaborations with it that overlap 24m.
{%- set indicator = {
    'id': 'P13', 'name': 'active_collaborations_24m',
    'name_en': 'Active collaborations, 24 months', 'name_zh': '近24个月有效合作项目数',
    'dimension': 'potential', 'group': 'strategic', 'unit': 'count',
    'better': 'higher', 'scale': 'linear',
    'formula': 'collaborations other than referrals whose time overlaps 24m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with joint as (
    select
        collaboration.customer_id,
        count(*) as collaboration_count
    from {{ ref('int_collaboration') }} as collaboration
    cross join {{ ref('stg_night') }} as night
    where
        collaboration.kind <> 'referral'
        and (collaboration.ended_on is null or collaboration.ended_on > night.from_24m)
    group by collaboration.customer_id
)

select
    customer.customer_id,
    case when supplied.is_supplied then cast(coalesce(joint.collaboration_count, 0) as numeric) end as value
from {{ ref('int_customer_window') }} as customer
inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'collaboration'
left join joint on customer.customer_id = joint.customer_id
