-- One row per snapshot date: the evaluated date itself (slice 0) and the closed slices before it (1 the latest), whose
-- outcome is known on the evaluated date; with the lower edges of their windows (themselves outside).
with history as (
    select min(first_line_on) as first_line_on
    from {{ ref('int_customer') }}
),

snapshot as (
    select
        numbered.slice,
        case
            when numbered.slice = 0 then night.as_of_date
            else
                night.as_of_date - night.churn_horizon_days
                - cast((numbered.slice - 1) * churn_rule.slice_step_days as integer)
        end as snapshot_on,
        night.churn_horizon_days,
        night.active_window_months,
        churn_rule.history_months,
        churn_rule.gap_history_months,
        churn_rule.recent_days,
        churn_rule.usual_days
    from {{ ref('stg_night') }} as night
    cross join {{ ref('churn_rule') }} as churn_rule
    cross join lateral generate_series(0, cast(churn_rule.slices_at_most as integer)) as numbered (slice)
),

edged as (
    select
        slice,
        snapshot_on,
        slice > 0 as is_closed,
        {{ months_before('snapshot_on', 'cast(history_months as integer)') }} as history_from,
        {{ months_before('snapshot_on', 'cast(gap_history_months as integer)') }} as gap_history_from,
        {{ months_before('snapshot_on', 'active_window_months') }} as active_from,
        snapshot_on - cast(recent_days as integer) as recent_from,
        snapshot_on - cast(usual_days as integer) as usual_from,
        snapshot_on + churn_horizon_days as outcome_to
    from snapshot
)

select
    edged.slice,
    edged.snapshot_on,
    edged.is_closed,
    edged.history_from,
    edged.gap_history_from,
    edged.active_from,
    edged.recent_from,
    edged.usual_from,
    edged.outcome_to
from edged
cross join history
where edged.slice = 0 or history.first_line_on <= edged.history_from
