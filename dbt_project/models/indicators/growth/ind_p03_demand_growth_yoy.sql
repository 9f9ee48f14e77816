-- One row per active customer: how its own demand is estimated to grow.
{%- set indicator = {
    'id': 'P03', 'name': 'demand_growth_yoy',
    'name_en': 'Demand growth, year on year', 'name_zh': '需求同比增长',
    'dimension': 'potential', 'group': 'growth', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': '(TD(y) - TD(y-1)) / greatest of the two',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    {{ safe_ratio(
        'demand.total_demand_quantity - demand.prior_total_demand_quantity',
        'greatest(demand.total_demand_quantity, demand.prior_total_demand_quantity)'
    ) }} as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_demand') }} as demand on customer.customer_id = demand.customer_id
