-- One row per customer, entity and whether the facts are those of a customer that it referred: what is new, changed or
-- deleted since the night before among the facts that its indicators rest on.
with changed as (
    select
        entity,
        named_id,
        dated_on
    from {{ ref('base_changed_row') }}
),

-- a rate serves its day and, where none is younger, the seven after it
rate as (
    select
        changed.named_id as currency,
        changed.dated_on as first_on,
        least(changed.dated_on + 7, night.as_of_date) as last_on
    from changed
    cross join {{ ref('stg_night') }} as night
    where changed.entity = 'exchange_rate'
),

own as (
    select
        entity,
        named_id as customer_id
    from changed
    where entity not in ('product', 'sales_order_line', 'payment', 'exchange_rate')
    union
    select
        changed.entity,
        sales_order.customer_id
    from changed
    inner join {{ ref('base_sales_order') }} as sales_order on changed.named_id = sales_order.order_id
    cross join {{ ref('stg_night') }} as night
    where changed.entity = 'sales_order_line' and sales_order.ordered_on <= night.as_of_date
    union
    select
        changed.entity,
        invoice.customer_id
    from changed
    inner join {{ ref('int_invoice') }} as invoice on changed.named_id = invoice.invoice_id
    where changed.entity = 'payment'
    union
    -- on a night without a changed product no line is read: an empty side ends a hash join
    select
        changed.entity,
        line.customer_id
    from changed
    inner join {{ ref('int_ordered_line') }} as line on changed.named_id = line.product_id
    where changed.entity = 'product'
    union
    select
        'exchange_rate' as entity,
        sales_order.customer_id
    from rate
    inner join {{ ref('base_sales_order') }} as sales_order
        on rate.currency = sales_order.currency and sales_order.ordered_on between rate.first_on and rate.last_on
    union
    select
        'exchange_rate' as entity,
        invoice.customer_id
    from rate
    inner join {{ ref('stg_invoice') }} as invoice
        on rate.currency = invoice.currency and invoice.issued_on between rate.first_on and rate.last_on
    union
    select
        'exchange_rate' as entity,
        invoice.customer_id
    from rate
    inner join {{ ref('base_payment') }} as payment
        on rate.currency = payment.currency and payment.issued_on between rate.first_on and rate.last_on
    inner join {{ ref('stg_invoice') }} as invoice on payment.invoice_id = invoice.invoice_id
)

select
    customer_id,
    entity,
    false as is_of_referred
from own
union all
select distinct
    referral.customer_id,
    own.entity,
    true as is_of_referred
from own
inner join {{ ref('int_collaboration') }} as referral
    on own.customer_id = referral.referred_customer_id and referral.kind = 'referral'
