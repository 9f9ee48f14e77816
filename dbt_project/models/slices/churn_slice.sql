-- One row per snapshot date: the evaluated date itself (slice 0) and the closed slices before it (1 the latest), whose
-- outcome is known on the evaluated date; with the lower edges of their windows (themselves outside), and with the slices
-- that were closed before it and tell its rates. The recorded ones are predicted too, for the track record.
with history as (
    select min(first_line_on) as first_line_on
    from {{ ref('int_customer') }}
),

counted as (
    select
        night.as_of_date,
        night.churn_horizon_days,
        night.active_window_months,
        churn_rule.slice_step_days,
        churn_rule.slices_at_most,
        churn_rule.history_months,
        churn_rule.gap_history_months,
        churn_rule.recent_days,
        churn_rule.usual_days,
        -- how many slices later a slice's outcome is known
        cast(ceil(night.churn_horizon_days / churn_rule.slice_step_days) as integer) as slices_until_closed,
        coalesce(night.churn_recorded_slices, cast(churn_rule.slices_at_most as integer)) as recorded_slices
    from {{ ref('stg_night') }} as night
    cross join {{ ref('churn_rule') }} as churn_rule
),

snapshot as (
    select
        numbered.slice,
        case
            when numbered.slice = 0 then counted.as_of_date
            else
                counted.as_of_date - counted.churn_horizon_days
                - cast((numbered.slice - 1) * counted.slice_step_days as integer)
        end as snapshot_on,
        case when numbered.slice = 0 then 1 else numbered.slice + counted.slices_until_closed end as rates_from_slice,
        numbered.slice between 1 and counted.recorded_slices as is_recorded,
        counted.churn_horizon_days,
        counted.active_window_months,
        counted.slices_at_most,
        counted.history_months,
        counted.gap_history_months,
        counted.recent_days,
        counted.usual_days
    from counted
    cross join lateral generate_series(
        0, counted.recorded_slices + counted.slices_until_closed + cast(counted.slices_at_most as integer) - 1
    ) as numbered (slice)
),

edged as (
    select
        slice,
        snapshot_on,
        slice > 0 as is_closed,
        is_recorded,
        rates_from_slice,
        rates_from_slice + cast(slices_at_most as integer) - 1 as rates_to_slice,
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
    edged.is_recorded,
    edged.rates_from_slice,
    edged.rates_to_slice,
    edged.history_from,
    edged.gap_history_from,
    edged.active_from,
    edged.recent_from,
    edged.usual_from,
    edged.outcome_to
from edged
cross join history
where edged.slice = 0 or history.first_line_on <= edged.history_from
