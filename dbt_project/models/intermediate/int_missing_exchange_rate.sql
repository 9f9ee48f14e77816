-- One row per entity, currency and day up to the evaluated one that needs an exchange rate and has none: those amounts
-- are in no sum, and nothing is published while there is such a row. An order needs one when it has a line. A payment
-- without a currency of its own needs its invoice's rate, so the invoice stands for it.
-- Materialized, so that the lines are read only where an order without a rate is left.
with unpriced as materialized (
    select
        'sales_order' as entity,
        order_id,
        currency,
        ordered_on as rate_date,
        ordered_on as dated_on
    from {{ ref('base_sales_order') }}
    where is_foreign and exchange_rate is null
    union all
    select
        'invoice' as entity,
        null as order_id,
        currency,
        issued_on as rate_date,
        issued_on as dated_on
    from {{ ref('stg_invoice') }}
    where amount is null
    union all
    select
        'payment' as entity,
        null as order_id,
        currency,
        issued_on as rate_date,
        paid_on as dated_on
    from {{ ref('base_payment') }}
    where
        amount is null
        and currency <> (select night.reporting_currency from {{ ref('stg_night') }} as night)
)

select
    unpriced.entity,
    unpriced.currency,
    unpriced.rate_date,
    count(*) as row_count
from unpriced
cross join {{ ref('stg_night') }} as night
where
    unpriced.rate_date <= night.as_of_date
    and unpriced.dated_on <= night.as_of_date
    and (
        unpriced.entity <> 'sales_order'
        or unpriced.order_id in (select line.order_id from {{ ref('stg_sales_order_line') }} as line)
    )
group by unpriced.entity, unpriced.currency, unpriced.rate_date
