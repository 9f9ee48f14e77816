-- One row per sales order line whose order has landed, with its order: prices and costs in the reporting currency.
select
    landed.order_id,
    landed.line_number,
    landed.product_id,
    landed.quantity,
    {{ converted('landed.unit_price', 'sales_order.is_foreign', 'sales_order.exchange_rate') }} as unit_price,
    {{ converted('landed.unit_cost', 'sales_order.is_foreign', 'sales_order.exchange_rate') }} as unit_cost,
    landed.promised_on,
    coalesce(landed.is_cancelled, false) as is_cancelled,
    sales_order.customer_id,
    sales_order.ordered_on,
    sales_order.salesperson_id,
    sales_order.is_cancelled as is_order_cancelled
from {{ source('landing', 'sales_order_line') }} as landed
inner join {{ ref('base_sales_order') }} as sales_order on landed.order_id = sales_order.order_id
where {{ of_this_night('landed') }}
