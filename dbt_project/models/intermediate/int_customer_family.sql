-- One row per customer and product family bought in 24m; lines of a product without family are left out.
select
    line.customer_id,
    line.product_family,
    max(line.ordered_on) as last_line_on
from {{ ref('int_line') }} as line
cross join {{ ref('stg_night') }} as night
where line.product_family is not null and line.ordered_on > night.from_24m
group by line.customer_id, line.product_family
