-- One row per due invoice: due in 12m, or due before and not settled by D - 12 months.
{{ config(materialized='view') }}

with due as (
    select
        invoice.invoice_id,
        invoice.customer_id,
        invoice.due_on,
        invoice.amount,
        invoice.settled_on,
        coalesce(invoice.settled_on, night.as_of_date) as late_until_on,
        night.from_12m,
        night.as_of_date
    from {{ ref('int_invoice') }} as invoice
    cross join {{ ref('stg_night') }} as night
    where
        invoice.due_on <= night.as_of_date
        and (invoice.due_on > night.from_12m or invoice.settled_on is null or invoice.settled_on > night.from_12m)
)

select
    invoice_id,
    customer_id,
    due_on,
    amount,
    greatest(0, late_until_on - due_on) as days_late,
    greatest(0, late_until_on - greatest(due_on, from_12m)) as days_late_in_12m,
    due_on + 3 <= as_of_date as is_past_grace,
    coalesce(settled_on <= due_on + 3, false) as is_settled_in_grace
from due
