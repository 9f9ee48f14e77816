-- One row per active customer: the share of its due amounts that it settled within three days.
{%- set indicator = {
    'id': 'C12', 'name': 'on_time_payment_rate_12m',
    'name_en': 'On-time payment rate, 12 months', 'name_zh': '近12个月按时付款率',
    'dimension': 'current', 'group': 'payment', 'unit': 'ratio',
    'better': 'higher', 'scale': 'linear',
    'formula': 'of the due invoices whose due date + 3 days is not after D: amount settled by due date + 3 ' ~
        'days / amount',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    {{ safe_ratio('payment.settled_in_grace_amount', 'payment.past_grace_amount') }} as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_payment') }} as payment on customer.customer_id = payment.customer_id
