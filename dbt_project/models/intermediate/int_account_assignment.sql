-- One row per customer and first day of an assignment begun up to the evaluated day.
{{ config(materialized='view') }}

select
    assignment.customer_id,
    assignment.valid_from_on,
    assignment.account_manager_id,
    assignment.valid_to_on
from {{ ref('stg_account_assignment') }} as assignment
cross join {{ ref('stg_night') }} as night
where assignment.valid_from_on <= night.as_of_date
