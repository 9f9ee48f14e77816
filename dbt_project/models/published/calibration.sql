-- One row per finished calibration version: when, from whose population, by whom and why it was made.
select
    version.version as calibration_version,
    cast(version.made_at at time zone night.company_time_zone as date) as made_on,
    version.population_date,
    version.population_customers,
    version.author,
    version.reason,
    version.active_from_on,
    version.method,
    version.median_current_score,
    version.median_potential_score
from {{ source('control', 'calibration') }} as version
cross join {{ ref('stg_night') }} as night
where version.median_current_score is not null and version.median_potential_score is not null
