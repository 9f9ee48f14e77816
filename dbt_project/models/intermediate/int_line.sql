-- One row per line: ordered up to the evaluated day and cancelled neither itself nor by its order.
-- A view: whoever needs more than one sum of it reads int_customer_order_day, which passes over it once.
{{ config(materialized='view') }}

select
    line.customer_id,
    line.order_id,
    line.line_number,
    line.ordered_on,
    line.salesperson_id,
    line.product_id,
    product.product_family,
    coalesce(product.is_premium, false) as is_premium,
    product.launched_on,
    line.quantity,
    line.revenue,
    line.cost,
    line.promised_on
from {{ ref('int_ordered_line') }} as line
left join {{ ref('stg_product') }} as product on line.product_id = product.product_id
where not line.is_cancelled
