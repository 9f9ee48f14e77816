-- One row per active customer: the overdue share of what it owes at D.
{%- set indicator = {
    'id': 'C14', 'name': 'overdue_balance_rate',
    'name_en': 'Overdue share of the balance', 'name_zh': '逾期余额占比',
    'dimension': 'current', 'group': 'payment', 'unit': 'ratio',
    'better': 'lower', 'scale': 'linear',
    'formula': 'at D: outstanding of invoices due before D / outstanding of all invoices issued up to D',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    case
        when payment.outstanding_amount = 0 then 0
        else {{ safe_ratio('payment.overdue_amount', 'payment.outstanding_amount') }}
    end as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_payment') }} as payment on customer.customer_id = payment.customer_id
