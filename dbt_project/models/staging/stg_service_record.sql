-- One row per service record; a cost that is not known counts as none.
select
    landed.service_id,
    landed.customer_id,
    landed.order_id,
    landed.kind,
    landed.severity,
    landed.opened_on,
    landed.closed_on,
    coalesce(landed.cost, 0) as cost
from {{ source('landing', 'service_record') }} as landed
where {{ of_this_night('landed') }}
