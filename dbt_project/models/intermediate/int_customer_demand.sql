-- One row per customer with TD(y): its estimate for y, the latest of the evaluated day's year and the one before that
-- has one, and for the year before y.
with estimate as (
    select
        estimate.customer_id,
        estimate.demand_year,
        estimate.total_demand_quantity,
        extract(year from night.as_of_date) - estimate.demand_year as years_back
    from {{ ref('stg_demand_estimate') }} as estimate
    cross join {{ ref('stg_night') }} as night
),

latest as (
    select
        customer_id,
        max(demand_year) as demand_year
    from estimate
    where years_back in (0, 1)
    group by customer_id
)

select
    latest.customer_id,
    latest.demand_year,
    estimate.total_demand_quantity,
    before.total_demand_quantity as prior_total_demand_quantity
from latest
inner join estimate on latest.customer_id = estimate.customer_id and latest.demand_year = estimate.demand_year
left join estimate as before
    on latest.customer_id = before.customer_id and latest.demand_year - 1 = before.demand_year
