-- One row per customer with a line promised in 12m: how many lines were promised and how many came in time.
-- A line counts on the day it was promised for; what arrives after that day does not matter any more.
with promised as (
    select
        line.customer_id,
        line.order_id,
        line.line_number,
        line.promised_on,
        line.quantity * rule.on_time_quantity_share as enough_quantity,
        line.promised_on > rule.delivery_from as is_recent
    from {{ ref('int_line') }} as line
    cross join {{ ref('int_reason_rule') }} as rule
    where
        line.promised_on > rule.from_12m
        and line.promised_on <= rule.as_of_date
),

-- one row per promised line of which a delivery is known
arrived as (
    select
        promised.order_id,
        promised.line_number,
        coalesce(sum(delivery.quantity) filter (where delivery.delivered_on <= promised.promised_on), 0) as quantity
    from promised
    inner join {{ ref('stg_delivery') }} as delivery
        on promised.order_id = delivery.order_id and promised.line_number = delivery.line_number
    cross join {{ ref('stg_night') }} as night
    where delivery.delivered_on <= night.as_of_date
    group by promised.order_id, promised.line_number
),

kept as (
    select
        promised.customer_id,
        promised.order_id,
        promised.line_number,
        promised.promised_on,
        promised.is_recent,
        coalesce(arrived.quantity >= promised.enough_quantity, false) as is_on_time
    from promised
    left join arrived on promised.order_id = arrived.order_id and promised.line_number = arrived.line_number
    -- where no delivery is known at all, lateness is not known either
    where exists (select known.order_id from arrived as known)
)

select
    customer_id,
    count(*) as promised_line_count_12m,
    count(*) filter (where is_on_time) as on_time_line_count_12m,
    count(*) filter (where is_recent) as promised_line_count_recent,
    count(*) filter (where is_recent and is_on_time) as on_time_line_count_recent,
    coalesce(
        jsonb_agg(
            order_id || '/' || line_number order by promised_on desc, {{ bytewise('order_id') }} asc, line_number asc
        ) filter (where is_recent and not is_on_time),
        jsonb_build_array()
    ) as late_line_ids_recent
from kept
group by customer_id
