-- One row per sales order.
select
    landed.order_id,
    landed.customer_id,
    landed.ordered_on,
    landed.salesperson_id,
    landed.currency,
    coalesce(landed.is_cancelled, false) as is_cancelled
from {{ source('landing', 'sales_order') }} as landed
where {{ of_this_night('landed') }}
