-- One row per customer and kind of event: the days of such events in ascending order, and their sum up to each of them.
with event as (
    select
        customer_id,
        'volume' as kind,
        ordered_on as happened_on,
        volume as amount
    from {{ ref('int_customer_order_day') }}
    union all
    select
        customer_id,
        'order' as kind,
        ordered_on as happened_on,
        1 as amount
    from {{ ref('int_customer_order_day') }}
    union all
    select
        record.customer_id,
        kept.kind,
        kept.happened_on,
        1 as amount
    from {{ ref('int_service_record') }} as record
    cross join {{ ref('int_reason_rule') }} as rule
    cross join
        lateral (
            values
            ('complaint', record.opened_on, true),
            ('settled', record.closed_on, record.closed_on is not null),
            ('severe', record.opened_on, coalesce(record.severity >= rule.severe_from, false))
        ) as kept (kind, happened_on, is_one)
    where record.kind in ('complaint', 'return') and kept.is_one
    union all
    select
        promise.customer_id,
        kept.kind,
        promise.due_on as happened_on,
        kept.amount
    from {{ ref('challenger_promise') }} as promise
    cross join lateral (values ('due', promise.due_count), ('on_time', promise.on_time_count)) as kept (kind, amount)
    union all
    select
        customer_id,
        'contact' as kind,
        occurred_on as happened_on,
        1 as amount
    from {{ ref('int_interaction') }}
),

daily as (
    select
        customer_id,
        kind,
        happened_on,
        sum(amount) as amount
    from event
    group by customer_id, kind, happened_on
),

running as (
    select
        customer_id,
        kind,
        happened_on,
        sum(amount) over (partition by customer_id, kind order by happened_on rows unbounded preceding) as so_far
    from daily
)

select
    customer_id,
    kind,
    array_agg(happened_on order by happened_on) as days,
    array_agg(cast(so_far as double precision) order by happened_on) as amounts_so_far
from running
group by customer_id, kind
