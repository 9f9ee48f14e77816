-- One row per survey and attribute that a customer answered up to the evaluated day.
{{ config(materialized='view') }}

select
    response.survey_id,
    response.attribute,
    response.customer_id,
    response.surveyed_on,
    response.expected,
    response.perceived
from {{ ref('stg_survey_response') }} as response
cross join {{ ref('stg_night') }} as night
where response.surveyed_on <= night.as_of_date
