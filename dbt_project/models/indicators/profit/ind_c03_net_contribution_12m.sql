-- One row per active customer: its margin in 12m less what serving it and waiting for its money cost.
{%- set indicator = {
    'id': 'C03', 'name': 'net_contribution_12m',
    'name_en': 'Net contribution, 12 months', 'name_zh': '近12个月净贡献',
    'dimension': 'current', 'group': 'profit', 'unit': 'money',
    'better': 'higher', 'scale': 'asinh',
    'formula': 'C01 - cost of the service records opened in 12m - late-payment cost (sum over due invoices ' ~
        'of amount x days late inside 12m x capital cost rate / 365)',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    customer.margin_12m
    - coalesce(service.service_cost_12m, 0)
    - {{ safe_ratio('coalesce(payment.due_amount_days_late_in_12m, 0) * night.capital_cost_rate', '365') }} as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_service') }} as service on customer.customer_id = service.customer_id
left join {{ ref('int_customer_payment') }} as payment on customer.customer_id = payment.customer_id
cross join {{ ref('stg_night') }} as night
