-- One row per active customer: the amount-weighted mean days by which it pays late.
{%- set indicator = {
    'id': 'C13', 'name': 'payment_delay_days_12m',
    'name_en': 'Payment delay, 12 months', 'name_zh': '近12个月付款延迟天数',
    'dimension': 'current', 'group': 'payment', 'unit': 'days',
    'better': 'lower', 'scale': 'asinh',
    'formula': 'amount-weighted mean over the due invoices of greatest(0, (settled date, else D) - due date)',
} -%}
{{ config(meta={'indicator': indicator}) }}

select
    customer.customer_id,
    {{ safe_ratio('payment.due_amount_days_late', 'payment.due_amount') }} as value
from {{ ref('int_customer_window') }} as customer
left join {{ ref('int_customer_payment') }} as payment on customer.customer_id = payment.customer_id
