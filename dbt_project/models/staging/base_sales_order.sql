-- One row per sales order, with the rate that converts its money into the reporting currency.
-- A table: every pass over ten million lines joins it, and none has to look up a rate.
{{ config(materialized='table') }}

select
    sales_order.order_id,
    sales_order.customer_id,
    sales_order.ordered_on,
    sales_order.salesperson_id,
    sales_order.is_cancelled,
    sales_order.currency,
    coalesce(sales_order.currency <> night.reporting_currency, false) as is_foreign,
    exchange.rate as exchange_rate
from {{ ref('stg_sales_order') }} as sales_order
left join {{ ref('base_exchange_rate_day') }} as exchange
    on sales_order.currency = exchange.currency and sales_order.ordered_on = exchange.day_on
cross join {{ ref('stg_night') }} as night
