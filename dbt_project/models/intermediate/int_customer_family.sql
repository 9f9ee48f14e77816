-- One row per customer and product family bought in 24m: when and how much; lines of a product without family are left
-- out.
with bought as (
    select
        line.customer_id,
        line.product_family,
        line.ordered_on,
        sum(line.quantity) as volume
    from {{ ref('int_line') }} as line
    cross join {{ ref('stg_night') }} as night
    where line.product_family is not null and line.ordered_on > night.from_24m
    group by line.customer_id, line.product_family, line.ordered_on
)

select
    bought.customer_id,
    bought.product_family,
    min(bought.ordered_on) as first_line_on,
    max(bought.ordered_on) as last_line_on,
    count(*) as order_day_count,
    coalesce(sum(bought.volume) filter (where bought.ordered_on > night.from_12m), 0) as volume_12m,
    coalesce(sum(bought.volume) filter (where bought.ordered_on <= night.from_12m), 0) as volume_prior_12m
from bought
cross join {{ ref('stg_night') }} as night
group by bought.customer_id, bought.product_family
