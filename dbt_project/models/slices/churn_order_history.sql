-- One row per customer with a line: its order dates in ascending order and the volume up to each of them.
-- Every feature of every slice is then a look-up of a date in that list: a fifth of the time of joining days to slices.
with running as (
    select
        customer_id,
        ordered_on,
        sum(volume) over (partition by customer_id order by ordered_on rows unbounded preceding) as volume_so_far
    from {{ ref('int_customer_order_day') }}
)

select
    customer_id,
    array_agg(ordered_on order by ordered_on) as order_dates,
    array_agg(volume_so_far order by ordered_on) as volumes_so_far
from running
group by customer_id
