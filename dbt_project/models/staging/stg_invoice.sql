-- One row per invoice; the amount in the reporting currency, at the rate of the day of issue.
select
    landed.invoice_id,
    landed.customer_id,
    landed.order_id,
    landed.issued_on,
    landed.due_on,
    {{ converted('landed.amount', 'landed.currency <> night.reporting_currency', 'exchange.rate') }} as amount,
    landed.currency
from {{ source('landing', 'invoice') }} as landed
left join {{ ref('base_exchange_rate_day') }} as exchange
    on landed.currency = exchange.currency and landed.issued_on = exchange.day_on
cross join {{ ref('stg_night') }} as night
where {{ of_this_night('landed') }}
