-- One row per interaction up to the evaluated day.
{{ config(materialized='view') }}

select
    interaction.interaction_id,
    interaction.customer_id,
    interaction.occurred_on,
    interaction.channel
from {{ ref('stg_interaction') }} as interaction
cross join {{ ref('stg_night') }} as night
where interaction.occurred_on <= night.as_of_date
