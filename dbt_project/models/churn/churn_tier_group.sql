-- One row per recorded slice and customer active then: the tier that the contribution rule gave it by the 12 months before
-- the slice, and its margin in them. Scores do not go that far back: the best of the others go by contribution too.
with brought as (
    select
        snapshot.slice,
        snapshot.customer_id,
        coalesce(contribution.volume_12m, 0) as volume,
        case when contribution.customer_id is null then 0 else contribution.margin_12m end as margin_12m
    from {{ ref('churn_snapshot') }} as snapshot
    inner join {{ ref('churn_slice') }} as slice on snapshot.slice = slice.slice
    left join {{ ref('churn_contribution') }} as contribution
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
                then greatest({{ safe_ratio('brought.volume * total.known_margin', 'total.known_volume') }}, 0)
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
            {{ bytewise('customer_id') }}
        rows unbounded preceding
    )
),

scheme as (
    select
        max(scheme.share) filter (where scheme.basis = 'prefix') as core_share,
        min(scheme.share) filter (where scheme.basis = 'best') as important_share
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
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
