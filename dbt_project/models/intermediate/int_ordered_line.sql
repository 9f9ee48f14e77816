-- One row per sales order line ordered up to the evaluated day, cancelled or not.
{{ config(materialized='view') }}

select
    line.order_id,
    line.line_number,
    line.customer_id,
    line.ordered_on,
    line.salesperson_id,
    line.product_id,
    line.quantity,
    line.quantity * line.unit_price as revenue,
    line.quantity * line.unit_cost as cost,
    line.promised_on,
    line.is_cancelled or line.is_order_cancelled as is_cancelled
from {{ ref('base_sales_order_line') }} as line
cross join {{ ref('stg_night') }} as night
where line.ordered_on <= night.as_of_date
