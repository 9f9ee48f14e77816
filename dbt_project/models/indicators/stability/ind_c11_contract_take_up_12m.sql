-- One row per active customer: how much of its committed volume in 12m it took.
{%- set indicator = {
    'id': 'C11', 'name': 'contract_take_up_12m',
    'name_en': 'Contract take-up, 12 months', 'name_zh': '近12个月合同兑现率',
    'dimension': 'current', 'group': 'stability', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'least(1, volume in 12m / committed volume in 12m), each contract in proportion to its days ' ~
        'inside 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with committed as (
    select
        customer_id,
        sum({{ safe_ratio('committed_quantity * contract_days_in_12m', 'contract_days') }}) as committed_volume
    from {{ ref('int_contract') }}
    where committed_quantity is not null
    group by customer_id
)

select
    customer.customer_id,
    case
        when committed.committed_volume <> 0
            then least(1, {{ safe_ratio('customer.volume_12m', 'committed.committed_volume') }})
    end as value
from {{ ref('int_customer_window') }} as customer
left join committed on customer.customer_id = committed.customer_id
