-- One row per collaboration begun up to the evaluated day.
{{ config(materialized='view') }}

select
    collaboration.collaboration_id,
    collaboration.customer_id,
    collaboration.kind,
    collaboration.started_on,
    collaboration.ended_on,
    collaboration.referred_customer_id
from {{ ref('stg_collaboration') }} as collaboration
cross join {{ ref('stg_night') }} as night
where collaboration.started_on <= night.as_of_date
