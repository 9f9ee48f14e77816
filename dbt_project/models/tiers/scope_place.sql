-- One row per scope and active customer: its tier's position in the scheme, without (raw) and with hysteresis (computed).
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

previous as (
    select
        'company' as scope,
        'all' as scope_id,
        customer_id,
        tier_computed
    from {{ source('control', 'previous_night') }}
    union all
    select
        scope,
        scope_id,
        customer_id,
        tier_computed
    from {{ source('control', 'previous_scope_tier') }}
),

core as (
    select
        shared.scope,
        shared.scope_id,
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
    from {{ ref('scope_share') }} as shared
    cross join scheme
    where scheme.basis = 'prefix'
),

-- place by score among the active customers outside the raw core of their scope
outside as (
    select
        core.scope,
        core.scope_id,
        core.customer_id,
        row_number() over (partition by core.scope, core.scope_id order by ranked.company_rank) as place,
        count(*) over (partition by core.scope, core.scope_id) as outside_count
    from core
    inner join {{ ref('score_rank') }} as ranked on core.customer_id = ranked.customer_id
    where not core.is_raw_core
),

-- one row per scope, active customer and tier of the scheme: does it fit, and would it by grace
fitted as (
    select
        core.scope,
        core.scope_id,
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
    left join outside
        on core.scope = outside.scope and core.scope_id = outside.scope_id and core.customer_id = outside.customer_id
    left join previous
        on
            core.scope = previous.scope
            and core.scope_id = previous.scope_id
            and core.customer_id = previous.customer_id
    left join scheme as held_before on previous.tier_computed = held_before.tier
)

select
    scope,
    scope_id,
    customer_id,
    min(position) filter (where is_fit) as raw_position,
    min(position) filter (where is_fit or is_fit_by_grace) as computed_position
from fitted
group by scope, scope_id, customer_id
