-- One row per active customer: the margin in what it still buys elsewhere.
{%- set indicator = {
    'id': 'P05', 'name': 'headroom_margin',
    'name_en': 'Margin in the headroom', 'name_zh': '可拓展毛利',
    'dimension': 'potential', 'group': 'wallet', 'unit': 'money a year',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'greatest(0, TD(y) - volume 12m) x greatest(0, C01 / volume 12m)',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    case
        when demand.total_demand_quantity is not null and customer.margin_12m is not null and customer.volume_12m <> 0
            then {{ safe_ratio(
                'greatest(0, demand.total_demand_quantity - customer.volume_12m) * greatest(0, customer.margin_12m)',
                'customer.volume_12m'
            ) }}
    end as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_demand') }} as demand on customer.customer_id = demand.customer_id
