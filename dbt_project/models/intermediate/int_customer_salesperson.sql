-- One row per customer and salesperson (null where an order names none) with a line ordered in 12m, cancelled or not.
select
    line.customer_id,
    line.salesperson_id,
    sum(line.quantity) as ordered_quantity_12m,
    coalesce(sum(line.quantity) filter (where line.is_cancelled), 0) as cancelled_quantity_12m,
    count(*) filter (where not line.is_cancelled) as line_count_12m,
    coalesce(sum(line.revenue) filter (where not line.is_cancelled), 0) as revenue_12m
from {{ ref('int_ordered_line') }} as line
cross join {{ ref('stg_night') }} as night
where line.ordered_on > night.from_12m
group by line.customer_id, line.salesperson_id
