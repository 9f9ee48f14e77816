-- One row per active customer: the months for which a contract valid at D still covers it.
{%- set indicator = {
    'id': 'P12', 'name': 'contract_cover_months',
    'name_en': 'Months covered by contract', 'name_zh': '合同覆盖月数',
    'dimension': 'potential', 'group': 'relationship', 'unit': 'months',
    'better': 'higher', 'scale': 'linear',
    'formula': 'least(36, (latest end of the contracts valid at D - D) x 12 / 365.25)',
} -%}
{{ config(meta={'indicator': indicator}) }}

with valid as (
    select
        contract.customer_id,
        least(36, {{ safe_ratio('max(contract.ends_on - night.as_of_date) * 12', '365.25') }}) as cover_months
    from {{ ref('int_contract') }} as contract
    cross join {{ ref('stg_night') }} as night
    where contract.is_valid
    group by contract.customer_id
)

select
    customer.customer_id,
    case when supplied.is_supplied then coalesce(valid.cover_months, 0) end as value
from {{ ref('int_customer_window') }} as customer
inner join {{ ref('int_supplied_entity') }} as supplied on supplied.entity = 'contract'
left join valid on customer.customer_id = valid.customer_id
