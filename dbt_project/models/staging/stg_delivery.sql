-- One row per delivery whose order has landed.
select
    landed.delivery_id,
    landed.order_id,
    landed.line_number,
    landed.delivered_on,
    landed.quantity
from {{ source('landing', 'delivery') }} as landed
where
    {{ of_this_night('landed') }}
    and exists (
        select 1 from {{ ref('base_sales_order') }} as sales_order
        where sales_order.order_id = landed.order_id
    )
