-- One row per customer and day on which lines were due: how many were, and how many of them had come in time. A line counts
-- on the day it was promised for, or ordered if that is later; what arrives afterwards does not matter any more.
with due as (
    select
        line.customer_id,
        line.order_id,
        line.line_number,
        line.promised_on,
        greatest(line.promised_on, line.ordered_on) as due_on,
        line.quantity * rule.on_time_quantity_share as enough_quantity
    from {{ ref('int_line') }} as line
    cross join {{ ref('int_reason_rule') }} as rule
    where line.promised_on is not null
),

delivery as (
    select
        order_id,
        line_number,
        delivered_on,
        quantity
    from {{ ref('stg_delivery') }}
),

-- before the first delivery that is known of, lateness is not known either
first_delivery as (
    select min(delivered_on) as delivered_on
    from delivery
),

arrived as (
    select
        due.order_id,
        due.line_number,
        sum(delivery.quantity) as quantity
    from due
    inner join delivery on due.order_id = delivery.order_id and due.line_number = delivery.line_number
    where delivery.delivered_on <= due.promised_on
    group by due.order_id, due.line_number
)

select
    due.customer_id,
    due.due_on,
    count(*) as due_count,
    count(*) filter (where arrived.quantity >= due.enough_quantity) as on_time_count
from due
cross join {{ ref('stg_night') }} as night
inner join first_delivery on due.due_on >= first_delivery.delivered_on
left join arrived on due.order_id = arrived.order_id and due.line_number = arrived.line_number
where due.due_on <= night.as_of_date
group by due.customer_id, due.due_on
