-- One row per customer and product family that it ever bought; lines of a product without family are left out.
select
    customer_id,
    product_family,
    min(ordered_on) as first_line_on,
    max(ordered_on) as last_line_on
from {{ ref('int_line') }}
where product_family is not null
group by customer_id, product_family
