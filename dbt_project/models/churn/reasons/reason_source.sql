-- One row per customer, reason and entity: the newest orders, or lines of the stopped product family, that a reason given
-- tonight rests on. What a reason's own model knows better (complaints, contacts, estimates) stands there.
{{ config(materialized='view') }}

with resting as (
    select
        given.customer_id,
        given.reason_code,
        signal.clause,
        signal.figures ->> 'product_family' as product_family
    from {{ ref('reason_customer') }} as given
    inner join {{ ref('reason_signal') }} as signal
        on given.customer_id = signal.customer_id and given.reason_code = signal.reason_code
    where
        signal.clause in ('share_fell', 'family_stopped', 'families_down')
        or signal.reason_code in ('rhythm_broken', 'volume_falling')
),

-- the one pass over the lines, for the customers concerned only
line as materialized (
    select
        line.customer_id,
        line.product_family,
        line.order_id,
        line.line_number,
        line.ordered_on
    from {{ ref('int_line') }} as line
    cross join {{ ref('stg_night') }} as night
    where
        line.ordered_on > night.from_24m
        and line.customer_id in (select resting.customer_id from resting)
),

placed as (
    select
        customer_id,
        order_id,
        ordered_on,
        row_number() over (
            partition by customer_id order by ordered_on desc, {{ bytewise('order_id') }} asc
        ) as recency
    from line
    group by customer_id, order_id, ordered_on
),

family_line as (
    select
        customer_id,
        product_family,
        order_id,
        line_number,
        ordered_on,
        row_number() over (
            partition by customer_id, product_family
            order by ordered_on desc, {{ bytewise('order_id') }} asc, line_number asc
        ) as recency
    from line
)

select
    resting.customer_id,
    resting.reason_code,
    'sales_order' as entity,
    jsonb_agg(placed.order_id order by placed.recency) as ids
from resting
inner join placed on resting.customer_id = placed.customer_id
cross join {{ ref('int_reason_rule') }} as rule
where resting.clause <> 'family_stopped' and placed.recency <= rule.source_rows_at_most
group by resting.customer_id, resting.reason_code
union all
select
    resting.customer_id,
    resting.reason_code,
    'sales_order_line' as entity,
    jsonb_agg(family_line.order_id || '/' || family_line.line_number order by family_line.recency) as ids
from resting
inner join family_line
    on resting.customer_id = family_line.customer_id and resting.product_family = family_line.product_family
cross join {{ ref('int_reason_rule') }} as rule
where resting.clause = 'family_stopped' and family_line.recency <= rule.source_rows_at_most
group by resting.customer_id, resting.reason_code
