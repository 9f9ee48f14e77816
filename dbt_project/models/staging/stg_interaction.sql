-- One row per interaction with a customer.
select
    landed.interaction_id,
    landed.customer_id,
    landed.occurred_on,
    landed.channel
from {{ source('landing', 'interaction') }} as landed
where {{ of_this_night('landed') }}
