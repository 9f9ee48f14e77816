-- One row per entity, currency and day up to the evaluated one that needs an exchange rate and has none: those amounts
-- are in no sum, and nothing is published while there is such a row. A payment without a currency of its own needs its
-- invoice's rate, so the invoice stands for it.
with needed as (
    select
        'sales_order' as entity,
        currency,
        ordered_on as rate_date,
        ordered_on as dated_on
    from {{ ref('stg_sales_order') }}
    union all
    select
        'invoice' as entity,
        currency,
        issued_on as rate_date,
        issued_on as dated_on
    from {{ ref('stg_invoice') }}
    union all
    select
        'payment' as entity,
        currency,
        issued_on as rate_date,
        paid_on as dated_on
    from {{ ref('base_payment') }}
    where currency <> (select night.reporting_currency from {{ ref('stg_night') }} as night)
)

select
    needed.entity,
    needed.currency,
    needed.rate_date,
    count(*) as row_count
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
group by needed.entity, needed.currency, needed.rate_date
