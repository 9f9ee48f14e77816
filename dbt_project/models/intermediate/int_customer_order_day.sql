-- One row per customer and day with a line, up to the evaluated day: the one pass over the lines that every windowed
-- sum derives from.
select
    line.customer_id,
    line.ordered_on,
    count(*) as line_count,
    sum(line.quantity) as volume,
    coalesce(sum(line.revenue), 0) as revenue,
    coalesce(sum(line.revenue) filter (where line.cost is not null), 0) as costed_revenue,
    coalesce(sum(line.revenue - line.cost), 0) as costed_margin,
    count(*) filter (where line.cost is null) as uncosted_line_count,
    coalesce(sum(line.revenue) filter (where line.is_premium), 0) as premium_revenue,
    coalesce(sum(line.revenue) filter (where line.launched_on > night.from_36m and line.launched_on <= night.as_of_date), 0)
        as new_product_revenue
from {{ ref('int_line') }} as line
cross join {{ ref('stg_night') }} as night
group by line.customer_id, line.ordered_on
