-- One row per active customer: its service cost per revenue in 12m.
{%- set indicator = {
    'id': 'C15', 'name': 'service_cost_rate_12m',
    'name_en': 'Service cost rate, 12 months', 'name_zh': '近12个月服务成本率',
    'dimension': 'current', 'group': 'cost_to_serve', 'unit': 'ratio',
    'better': 'lower', 'scale': 'linear',
    'formula': 'cost of the service records opened in 12m / revenue in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    {{ safe_ratio('coalesce(service.service_cost_12m, 0)', 'customer.revenue_12m') }} as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_service') }} as service on customer.customer_id = service.customer_id
