-- One row per contract; both ends included.
select
    landed.contract_id,
    landed.customer_id,
    landed.relationship_level,
    landed.starts_on,
    landed.ends_on,
    landed.committed_quantity
from {{ source('landing', 'contract') }} as landed
where {{ of_this_night('landed') }}
