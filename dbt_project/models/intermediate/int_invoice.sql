-- One row per invoice issued up to the evaluated day: what was paid on it up to that day and when it was settled.
with payment as (
    select
        payment.invoice_id,
        payment.paid_on,
        payment.invoice_amount,
        -- the default frame takes the payments of one day together
        sum(payment.amount) over (partition by payment.invoice_id order by payment.paid_on) as paid_so_far
    from {{ ref('base_payment') }} as payment
    cross join {{ ref('stg_night') }} as night
    where payment.paid_on <= night.as_of_date
),

settlement as (
    select
        invoice_id,
        max(paid_so_far) as paid_amount,
        min(paid_on) filter (where paid_so_far >= invoice_amount) as settled_on
    from payment
    group by invoice_id
)

select
    invoice.invoice_id,
    invoice.customer_id,
    invoice.issued_on,
    invoice.due_on,
    invoice.amount,
    coalesce(settlement.paid_amount, 0) as paid_amount,
    -- nothing to pay is settled when it is issued
    case when invoice.amount = 0 then invoice.issued_on else settlement.settled_on end as settled_on
from {{ ref('stg_invoice') }} as invoice
left join settlement on invoice.invoice_id = settlement.invoice_id
cross join {{ ref('stg_night') }} as night
where invoice.issued_on <= night.as_of_date
