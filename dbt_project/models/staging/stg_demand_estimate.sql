-- One row per customer and calendar year whose total demand was estimated.
select
    landed.customer_id,
    landed.demand_year,
    landed.total_demand_quantity
from {{ source('landing', 'demand_estimate') }} as landed
where {{ of_this_night('landed') }}
