-- One row per recorded slice and customer active then: the tier that the contribution rule gave it by the 12 months before
-- the slice, and its margin in them. Scores do not go that far back: the best of the others go by contribution too.
with  __dbt__cte__churn_snapshot as (
select 1 as slice, 'c' || number as customer_id from generate_series(0, 9) as numbered (number)
union all
select 2, 'large' union all select 2, 'small' union all select 2, 'dormant' union all select 0, 'large'
),  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(False as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast(True as boolean)
 as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
),  __dbt__cte__churn_contribution as (
select 1 as slice, 'c' || number as customer_id, 7 as volume_12m, 3.33 as margin_12m
from generate_series(0, 9) as numbered (number)
union all
select 2, 'large', 80, null union all select 2, 'small', 20, null
),  __dbt__cte__tier_scheme as (

-- Fixture for tier_scheme
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(1 as integer)
 as "position", 
    
    cast('core' as text)
 as "tier", 
    
    cast('prefix' as text)
 as "basis", 
    
    cast(0.8 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(2 as integer)
 as "position", 
    
    cast('important' as text)
 as "tier", 
    
    cast('best' as text)
 as "basis", 
    
    cast(0.25 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('three_tier' as text)
 as "scheme", 
    
    cast(3 as integer)
 as "position", 
    
    cast('general' as text)
 as "tier", 
    
    cast('rest' as text)
 as "basis", 
    
    cast(null as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
union all
select 
    
    cast('other' as text)
 as "scheme", 
    
    cast(1 as integer)
 as "position", 
    
    cast('core' as text)
 as "tier", 
    
    cast('prefix' as text)
 as "basis", 
    
    cast(0.1 as numeric)
 as "share", cast(null as numeric) as "grace_share", cast(null as text) as "reason"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", 
    
    cast('three_tier' as text)
 as "tier_scheme", cast(null as integer) as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"
), brought as (
    select
        snapshot.slice,
        snapshot.customer_id,
        coalesce(contribution.volume_12m, 0) as volume,
        case when contribution.customer_id is null then 0 else contribution.margin_12m end as margin_12m
    from __dbt__cte__churn_snapshot as snapshot
    inner join __dbt__cte__churn_slice as slice on snapshot.slice = slice.slice
    left join __dbt__cte__churn_contribution as contribution
        on snapshot.slice = contribution.slice and snapshot.customer_id = contribution.customer_id
    where slice.is_recorded
),

total as (
    select
        slice,
        sum(volume) as volume_total,
        coalesce(sum(volume) filter (where margin_12m is not null), 0) as known_volume,
        coalesce(sum(margin_12m) filter (where margin_12m > 0), 0) as known_margin
    from brought
    group by slice
),

-- as in tier_total and tier_share: margins in units of 1 / known volume, so that nothing is divided before it is compared
keyed as (
    select
        brought.slice,
        brought.customer_id,
        brought.volume,
        total.volume_total,
        case when total.known_volume = 0 then total.known_margin else total.known_margin * total.volume_total end
            as margin_total,
        greatest(
            case
                when brought.margin_12m is null then brought.volume * total.known_margin
                when total.known_volume = 0 then brought.margin_12m
                else brought.margin_12m * total.known_volume
            end, 0
        ) as margin,
        case
            when total.volume_total > 0 and total.known_volume = 0 then brought.volume
            when brought.margin_12m is null
                then greatest(trim_scale((brought.volume * total.known_margin) * 1.000000000000000000000000000000 / nullif(total.known_volume, 0)), 0)
            else greatest(brought.margin_12m, 0)
        end as margin_12m,
        (total.volume_total > 0 and total.known_volume = 0)
        or (total.known_margin > 0 and (brought.margin_12m is null or brought.margin_12m > 0)) as may_be_core
    from brought
    inner join total on brought.slice = total.slice
),

accumulated as (
    select
        slice,
        customer_id,
        margin_12m,
        volume_total,
        margin_total,
        may_be_core,
        sum(margin) over core_order - margin as margin_before,
        sum(volume) over core_order - volume as volume_before,
        row_number() over core_order as place
    from keyed
    window core_order as (
        partition by slice
        order by
            case
                when margin_total = 0 then volume
                when volume_total = 0 then margin
                else margin * volume_total + volume * margin_total
            end desc,
            customer_id collate "C"
        rows unbounded preceding
    )
),

scheme as (
    select
        max(scheme.share) filter (where scheme.basis = 'prefix') as core_share,
        min(scheme.share) filter (where scheme.basis = 'best') as important_share
    from __dbt__cte__tier_scheme as scheme
    inner join __dbt__cte__stg_night as night on scheme.scheme = night.tier_scheme
),

cored as (
    select
        accumulated.slice,
        accumulated.customer_id,
        accumulated.margin_12m,
        accumulated.place,
        accumulated.may_be_core
        and (
            accumulated.margin_before < scheme.core_share * accumulated.margin_total
            or accumulated.volume_before < scheme.core_share * accumulated.volume_total
        ) as is_core,
        scheme.important_share
    from accumulated
    cross join scheme
)

select
    slice,
    customer_id,
    case
        when is_core then 'core'
        when
            row_number() over (partition by slice, is_core order by place)
            <= ceil(important_share * count(*) over (partition by slice, is_core)) then 'important'
        else 'general'
    end as tier_group,
    margin_12m
from cored