-- One row per finished calibration version: when, from whose population, by whom and why it was made.
with activated as (
    select
        version,
        active_from_on,
        activated_at,
        author,
        reason,
        row_number() over (partition by version order by activation_id desc) as recency
    from {{ source('control', 'calibration_activation') }}
)

select
    made.version as calibration_version,
    cast(made.made_at at time zone night.company_time_zone as date) as made_on,
    made.population_date,
    made.population_customers,
    made.author,
    made.reason,
    activated.active_from_on,
    made.method,
    made.median_current_score,
    made.median_potential_score,
    made.objective as objective_weighting,
    made.notes,
    cast(activated.activated_at at time zone night.company_time_zone as date) as activated_on,
    activated.author as activation_author,
    activated.reason as activation_reason
from {{ source('control', 'calibration') }} as made
cross join {{ ref('stg_night') }} as night
left join activated on made.version = activated.version and activated.recency = 1
where made.median_current_score is not null and made.median_potential_score is not null
