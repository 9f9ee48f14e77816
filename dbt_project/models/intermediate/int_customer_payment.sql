-- One row per customer with an invoice issued up to the evaluated day: how it pays.
with due as (
    select
        customer_id,
        sum(amount) as due_amount,
        sum(amount * days_late) as due_amount_days_late,
        sum(amount * days_late_in_12m) as due_amount_days_late_in_12m,
        sum(amount) filter (where is_past_grace) as past_grace_amount,
        sum(amount) filter (where is_past_grace and is_settled_in_grace) as settled_in_grace_amount
    from {{ ref('int_due_invoice') }}
    group by customer_id
),

balance as (
    select
        invoice.customer_id,
        sum(greatest(0, invoice.amount - invoice.paid_amount)) as outstanding_amount,
        sum(greatest(0, invoice.amount - invoice.paid_amount)) filter (where invoice.due_on < night.as_of_date)
            as overdue_amount
    from {{ ref('int_invoice') }} as invoice
    cross join {{ ref('stg_night') }} as night
    group by invoice.customer_id
)

select
    balance.customer_id,
    coalesce(balance.outstanding_amount, 0) as outstanding_amount,
    coalesce(balance.overdue_amount, 0) as overdue_amount,
    coalesce(due.due_amount, 0) as due_amount,
    coalesce(due.due_amount_days_late, 0) as due_amount_days_late,
    coalesce(due.due_amount_days_late_in_12m, 0) as due_amount_days_late_in_12m,
    coalesce(due.past_grace_amount, 0) as past_grace_amount,
    coalesce(due.settled_in_grace_amount, 0) as settled_in_grace_amount
from balance
left join due on balance.customer_id = due.customer_id
