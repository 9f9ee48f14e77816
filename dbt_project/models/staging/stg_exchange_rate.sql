-- One row per currency and day that has a rate of its own.
select
    landed.currency,
    landed.rate_on,
    landed.rate
from {{ source('landing', 'exchange_rate') }} as landed
where {{ of_this_night('landed') }}
