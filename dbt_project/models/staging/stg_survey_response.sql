-- One row per survey and attribute that a customer answered.
select
    landed.survey_id,
    landed.attribute,
    landed.customer_id,
    landed.surveyed_on,
    landed.expected,
    landed.perceived
from {{ source('landing', 'survey_response') }} as landed
where {{ of_this_night('landed') }}
