-- One row per product: of the master data, or inferred from a line that names a product the master does not hold.
{{ config(materialized='table') }}

with product as (
    select
        landed.product_id,
        landed.product_name,
        landed.product_family,
        coalesce(landed.is_premium, false) as is_premium,
        landed.launched_on
    from {{ source('landing', 'product') }} as landed
    where {{ of_this_night('landed') }}
),

-- Materialized: looked up line by line, the planner expects every product to be known, and where a company delivers no
-- product at all it scans the orders once for every line.
sold as materialized (
    select distinct line.product_id
    from {{ ref('base_sales_order_line') }} as line
    cross join {{ ref('stg_night') }} as night
    where line.ordered_on <= night.as_of_date
),

unknown as (
    select sold.product_id
    from sold
    where not exists (
        select 1 from product
        where product.product_id = sold.product_id
    )
)

select
    product_id,
    product_name,
    product_family,
    is_premium,
    launched_on,
    false as is_inferred
from product
union all
select
    product_id,
    null as product_name,
    null as product_family,
    cast(null as boolean) as is_premium,
    cast(null as date) as launched_on,
    true as is_inferred
from unknown
