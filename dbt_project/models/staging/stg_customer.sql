-- One row per customer: of the master data, or inferred from a fact up to the evaluated day that names a customer the
-- master does not hold.
{{ config(materialized='table') }}

with customer as (
    select
        landed.customer_id,
        landed.customer_name,
        landed.industry,
        landed.region,
        landed.sales_department,
        landed.customer_since_on,
        landed.credit_limit
    from {{ source('landing', 'customer') }} as landed
    where {{ of_this_night('landed') }}
),

unknown as (
    select distinct named.customer_id
    from {{ ref('base_named_customer') }} as named
    where not exists (
        select 1 from customer
        where customer.customer_id = named.customer_id
    )
)

select
    customer_id,
    customer_name,
    industry,
    region,
    sales_department,
    customer_since_on,
    credit_limit,
    false as is_inferred
from customer
union all
select
    customer_id,
    null as customer_name,
    null as industry,
    null as region,
    null as sales_department,
    cast(null as date) as customer_since_on,
    cast(null as numeric) as credit_limit,
    true as is_inferred
from unknown
