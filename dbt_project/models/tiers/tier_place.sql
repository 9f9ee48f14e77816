-- One row per active customer: its tier's position in the scheme, without (raw) and with (computed) hysteresis.
with scheme as (
    select
        scheme.position,
        scheme.tier,
        scheme.basis,
        scheme.share,
        scheme.grace_share
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
),

core as (
    select
        shared.customer_id,
        shared.may_be_core
        and (
            shared.margin_before < scheme.share * shared.margin_total
            or shared.volume_before < scheme.share * shared.volume_total
        ) as is_raw_core,
        shared.may_be_core
        and (
            shared.margin_before < scheme.grace_share * shared.margin_total
            or shared.volume_before < scheme.grace_share * shared.volume_total
        ) as is_within_grace
    from {{ ref('tier_share') }} as shared
    cross join scheme
    where scheme.basis = 'prefix'
),

-- place by score among the active customers outside the raw core
outside as (
    select
        core.customer_id,
        row_number() over (order by ranked.company_rank) as place,
        count(*) over () as outside_count
    from core
    inner join {{ ref('score_rank') }} as ranked on core.customer_id = ranked.customer_id
    where not core.is_raw_core
),

-- one row per active customer and tier of the scheme: does it fit, and would it by grace
fitted as (
    select
        core.customer_id,
        scheme.position,
        case scheme.basis
            when 'prefix' then core.is_raw_core
            when 'best' then coalesce(outside.place <= ceil(scheme.share * outside.outside_count), false)
            else true
        end as is_fit,
        coalesce(held_before.position <= scheme.position, false)
        and case scheme.basis
            when 'prefix' then core.is_within_grace
            when 'best' then coalesce(outside.place <= ceil(scheme.grace_share * outside.outside_count), false)
            else false
        end as is_fit_by_grace
    from core
    cross join scheme
    left join outside on core.customer_id = outside.customer_id
    left join {{ source('control', 'previous_night') }} as previous on core.customer_id = previous.customer_id
    left join scheme as held_before on previous.tier_computed = held_before.tier
)

select
    customer_id,
    min(position) filter (where is_fit) as raw_position,
    min(position) filter (where is_fit or is_fit_by_grace) as computed_position
from fitted
group by customer_id
