-- One row per customer and day with a line, up to the evaluated day: the one pass over the lines that every windowed
-- sum derives from.
with line as (
    select
        line.customer_id,
        line.ordered_on,
        line.quantity,
        line.revenue,
        line.cost,
        line.is_premium,
        line.launched_on > night.from_36m and line.launched_on <= night.as_of_date as is_new_product
    from {{ ref('int_line') }} as line
    cross join {{ ref('stg_night') }} as night
    -- a fence: without it each sum multiplies quantity and price again, half as much time again over all lines
    offset 0 -- noqa: AM09
),

summed as (
    select
        customer_id,
        ordered_on,
        count(*) as line_count,
        count(*) - count(cost) as uncosted_line_count,
        sum(quantity) as volume,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(revenue) filter (where cost is null), 0) as uncosted_revenue,
        coalesce(sum(cost), 0) as known_cost,
        coalesce(sum(revenue) filter (where is_premium), 0) as premium_revenue,
        coalesce(sum(revenue) filter (where is_new_product), 0) as new_product_revenue
    from line
    group by customer_id, ordered_on
)

select
    customer_id,
    ordered_on,
    line_count,
    volume,
    revenue,
    revenue - uncosted_revenue as costed_revenue,
    revenue - uncosted_revenue - known_cost as costed_margin,
    uncosted_line_count,
    premium_revenue,
    new_product_revenue
from summed
