-- One row per entity, currency and day up to the evaluated one that needs an exchange rate and has none: those amounts
-- are in no sum, and nothing is published while there is such a row. An order needs one when it has a line. A payment
-- without a currency of its own needs its invoice's rate, so the invoice stands for it.
with needed as (
    select
        'sales_order' as entity,
        order_id,
        currency,
        ordered_on as rate_date,
        ordered_on as dated_on
    from {{ ref('stg_sales_order') }}
    union all
    select
        'invoice' as entity,
        null as order_id,
        currency,
        issued_on as rate_date,
        issued_on as dated_on
    from {{ ref('stg_invoice') }}
    union all
    select
        'payment' as entity,
        null as order_id,
        currency,
        issued_on as rate_date,
        paid_on as dated_on
    from {{ ref('base_payment') }}
    where currency <> (select night.reporting_currency from {{ ref('stg_night') }} as night)
),

missing as (
    select
        needed.entity,
        needed.order_id,
        needed.currency,
        needed.rate_date
    from needed
    cross join {{ ref('stg_night') }} as night
    where
        needed.currency <> night.reporting_currency
        and needed.rate_date <= night.as_of_date
        and needed.dated_on <= night.as_of_date
        and not exists (
            select 1
            from {{ ref('base_exchange_rate_day') }} as exchange
            where exchange.currency = needed.currency and exchange.day_on = needed.rate_date
        )
)

select
    entity,
    currency,
    rate_date,
    count(*) as row_count
from missing
-- the lines are read only where a rate is missing: `in` becomes a table looked up by the rows that are left
where entity <> 'sales_order' or order_id in (select line.order_id from {{ ref('stg_sales_order_line') }} as line)
group by entity, currency, rate_date
