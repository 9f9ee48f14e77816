-- One row per sales order line whose order has landed; prices and costs in the reporting currency.
select
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price,
    unit_cost,
    promised_on,
    is_cancelled
from {{ ref('base_sales_order_line') }}
