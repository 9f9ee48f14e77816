-- One row per payment whose invoice has landed, with what its invoice says; the amount in the reporting currency, at
-- the rate of the day on which the invoice was issued, so that a full payment settles it.
with payment as (
    select
        landed.payment_id,
        landed.invoice_id,
        landed.paid_on,
        landed.amount,
        landed.currency,
        coalesce(landed.currency, invoice.currency) as paid_currency,
        invoice.issued_on,
        invoice.amount as invoice_amount
    from {{ source('landing', 'payment') }} as landed
    inner join {{ ref('stg_invoice') }} as invoice on landed.invoice_id = invoice.invoice_id
    where {{ of_this_night('landed') }}
)

select
    payment.payment_id,
    payment.invoice_id,
    payment.paid_on,
    {{ converted('payment.amount', 'payment.paid_currency <> night.reporting_currency', 'exchange.rate') }} as amount,
    payment.currency,
    payment.issued_on,
    payment.invoice_amount
from payment
left join {{ ref('base_exchange_rate_day') }} as exchange
    on payment.paid_currency = exchange.currency and payment.issued_on = exchange.day_on
cross join {{ ref('stg_night') }} as night
