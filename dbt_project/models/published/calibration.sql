-- One row per finished calibration version: when, from whose population, by whom and why it was made.
select
    made.version as calibration_version,
    cast(made.made_at at time zone night.company_time_zone as date) as made_on,
    made.population_date,
    made.population_customers,
    made.author,
    made.reason,
    made.active_from_on,
    made.method,
    made.median_current_score,
    made.median_potential_score
from {{ source('control', 'calibration') }} as made
cross join {{ ref('stg_night') }} as night
where made.median_current_score is not null and made.median_potential_score is not null
