-- One row per customer: its tiers, how the published one moved since the night before, and the shares they rest on.
with scheme as (
    select
        scheme.position,
        scheme.tier,
        max(scheme.position) over () as lowest_position
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
),

-- the order of all tiers of all schemes, for movements across a change of scheme
tier_order as (
    select
        tier,
        max(position) as lowest
    from {{ ref('tier_scheme') }}
    group by tier
),

held as (
    select
        decided.customer_id,
        decided.tier,
        decided.reason,
        coalesce(decided.ended_on, decided.expires_on) as expires_on,
        row_number() over (
            partition by decided.customer_id order by decided.starts_on desc, decided.override_id desc
        ) as recency
    from {{ source('control', 'tier_override') }} as decided
    cross join {{ ref('stg_night') }} as night
    where night.as_of_date between decided.starts_on and coalesce(decided.ended_on, decided.expires_on)
),

tiered as (
    select
        customer.customer_id,
        fitting.tier as tier_raw,
        computed.tier as tier_computed,
        coalesce(held.tier, computed.tier) as tier,
        held.reason as override_reason,
        held.expires_on as override_expires_on,
        previous.tier as previous_tier,
        previous.tier_since_on as previous_tier_since_on,
        night.as_of_date
    from {{ ref('int_customer') }} as customer
    cross join {{ ref('stg_night') }} as night
    left join {{ ref('scope_place') }} as place
        on customer.customer_id = place.customer_id and place.scope = 'company'
    inner join scheme as fitting on coalesce(place.raw_position, fitting.lowest_position) = fitting.position
    inner join scheme as computed on coalesce(place.computed_position, computed.lowest_position) = computed.position
    left join held on customer.customer_id = held.customer_id and held.recency = 1
    left join {{ source('control', 'previous_night') }} as previous on customer.customer_id = previous.customer_id
)

select
    tiered.customer_id,
    tiered.tier_raw,
    tiered.tier_computed,
    tiered.tier,
    tiered.previous_tier,
    case when tiered.tier = tiered.previous_tier then tiered.previous_tier_since_on else tiered.as_of_date end
        as tier_since_on,
    case
        when tiered.tier = tiered.previous_tier then 'same'
        when own_place.lowest < previous_place.lowest then 'up'
        when own_place.lowest > previous_place.lowest then 'down'
        -- no tier before, or one that no scheme knows any more
        else 'new'
    end as tier_movement,
    tiered.override_reason,
    tiered.override_expires_on,
    shared.margin_share,
    shared.volume_share,
    shared.cumulative_margin_share,
    shared.cumulative_volume_share,
    coalesce(shared.is_margin_imputed, false) as is_margin_imputed,
    coalesce(shared.is_core_by_intersection, false) as is_core_by_intersection,
    coalesce(shared.is_core_by_top_20, false) as is_core_by_top_20
from tiered
left join tier_order as own_place on tiered.tier = own_place.tier
left join tier_order as previous_place on tiered.previous_tier = previous_place.tier
left join {{ ref('scope_share') }} as shared on tiered.customer_id = shared.customer_id and shared.scope = 'company'
