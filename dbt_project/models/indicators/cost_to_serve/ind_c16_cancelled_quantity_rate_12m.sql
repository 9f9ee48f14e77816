-- One row per active customer: the share of the quantity ordered in 12m that was cancelled.
{%- set indicator = {
    'id': 'C16', 'name': 'cancelled_quantity_rate_12m',
    'name_en': 'Cancelled quantity rate, 12 months', 'name_zh': '近12个月取消数量占比',
    'dimension': 'current', 'group': 'cost_to_serve', 'unit': 'ratio',
    'better': 'lower', 'scale': 'linear',
    'formula': 'quantity of the lines cancelled themselves or by their order / quantity of all lines ordered in 12m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with ordered as (
    select
        customer_id,
        sum(cancelled_quantity_12m) as cancelled_quantity,
        sum(ordered_quantity_12m) as ordered_quantity
    from {{ ref('int_customer_salesperson') }}
    group by customer_id
)

select
    customer.customer_id,
    {{ safe_ratio('ordered.cancelled_quantity', 'ordered.ordered_quantity') }} as value
from {{ ref('int_customer_window') }} as customer
left join ordered on customer.customer_id = ordered.customer_id
