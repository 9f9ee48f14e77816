-- One row per collaboration with a customer; both ends included.
select
    landed.collaboration_id,
    landed.customer_id,
    landed.kind,
    landed.started_on,
    landed.ended_on,
    landed.referred_customer_id
from {{ source('landing', 'collaboration') }} as landed
where {{ of_this_night('landed') }}
