-- One row per customer and indicator whose contribution to the value score moved since the night before, with its cause.
with own_changed as (
    select distinct
        changed.customer_id,
        rests_on.indicator_id
    from {{ ref('int_changed_fact') }} as changed
    inner join {{ ref('indicator_entity') }} as rests_on
        on changed.entity = rests_on.entity and changed.is_of_referred = rests_on.is_of_referred
),

compared as (
    select
        coalesce(after.customer_id, before.customer_id) as customer_id,
        coalesce(after.indicator_id, before.indicator_id) as indicator_id,
        before.points as points_before,
        after.points as points_after,
        coalesce(after.contribution, 0) - coalesce(before.contribution, 0) as contribution_change,
        (before.points is null) <> (after.points is null) as has_come_or_gone,
        before.effective_weight * (after.points - before.points) as moved_by_value,
        (after.effective_weight - before.effective_weight) * after.points as moved_by_weight
    from {{ ref('score_indicator') }} as after
    full join {{ source('control', 'previous_indicator') }} as before
        on after.customer_id = before.customer_id and after.indicator_id = before.indicator_id
),

-- sums of doubles differ by 1e-14 where nothing moved
moved as (
    select
        compared.customer_id,
        compared.indicator_id,
        compared.points_before,
        compared.points_after,
        compared.contribution_change,
        compared.has_come_or_gone,
        abs(compared.moved_by_weight) > abs(compared.moved_by_value) as is_rather_by_weight,
        bool_or(compared.has_come_or_gone) over (partition by compared.customer_id) as has_any_come_or_gone
    from compared
    where abs(compared.contribution_change) > 1e-12 or compared.has_come_or_gone
),

night as (
    select
        night.as_of_date,
        before.as_of_date as previous_as_of_date,
        night.calibration_version <> before.calibration_version as is_calibration_new,
        -- the settings that enter an indicator's value
        coalesce(
            cast(before.night ->> 'capital_cost_rate' as numeric) <> night.capital_cost_rate
            or before.night ->> 'reporting_currency' <> night.reporting_currency,
            false
        ) as is_setting_new,
        night.indicator_formulas,
        before.night -> 'indicator_formulas' as previous_formulas,
        before.source_systems @> cast(night.source_systems as text[])
        and before.source_systems <@ cast(night.source_systems as text[]) as are_sources_the_same
    from {{ ref('stg_night') }} as night
    cross join {{ source('control', 'previous_run') }} as before
)

select
    night.as_of_date,
    night.previous_as_of_date,
    moved.customer_id,
    moved.indicator_id,
    registered.indicator_name,
    moved.points_before,
    moved.points_after,
    moved.contribution_change,
    case
        when moved.has_come_or_gone then 'availability'
        when night.is_calibration_new then 'calibration'
        when moved.is_rather_by_weight and moved.has_any_come_or_gone then 'availability'
        -- a weight that moves by itself: the customer's own master data put it under other judgements
        when moved.is_rather_by_weight then 'own_data'
        when own_changed.customer_id is not null or not night.are_sources_the_same then 'own_data'
        when night.is_setting_new then 'calibration'
        when night.indicator_formulas ->> moved.indicator_id <> night.previous_formulas ->> moved.indicator_id
            then 'calibration'
        else 'window_moved'
    end as cause
from moved
cross join night
left join {{ ref('indicator') }} as registered on moved.indicator_id = registered.indicator_id
left join own_changed on moved.customer_id = own_changed.customer_id and moved.indicator_id = own_changed.indicator_id
where abs(moved.contribution_change) > 1e-12
