-- One row per active customer: the share of its demand that it buys from us.
{%- set indicator = {
    'id': 'P04', 'name': 'share_of_wallet_12m',
    'name_en': 'Share of wallet, 12 months', 'name_zh': '近12个月钱包份额',
    'dimension': 'potential', 'group': 'wallet', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'least(1, volume 12m / TD(y))',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    case
        when demand.total_demand_quantity <> 0
            then least(1, {{ safe_ratio('customer.volume_12m', 'demand.total_demand_quantity') }})
    end as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_demand') }} as demand on customer.customer_id = demand.customer_id
