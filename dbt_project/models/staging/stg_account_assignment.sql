-- One row per customer and first day of an account manager's assignment; both ends included.
select
    landed.customer_id,
    landed.valid_from_on,
    landed.account_manager_id,
    landed.valid_to_on
from {{ source('landing', 'account_assignment') }} as landed
where {{ of_this_night('landed') }}
