-- One row per payment whose invoice has landed; the amount in the reporting currency.
select
    payment_id,
    invoice_id,
    paid_on,
    amount,
    currency
from {{ ref('base_payment') }}
