-- One row: what the core rule rested on tonight, and the shares of margin and volume that the core tier really holds.
with scheme as (
    select scheme.tier
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
    where scheme.basis = 'prefix'
),

held as (
    select
        count(*) as core_customers,
        coalesce(sum(tiered.margin_share), 0) as core_margin_share,
        coalesce(sum(tiered.volume_share), 0) as core_volume_share
    from {{ ref('tier_customer') }} as tiered
    inner join scheme on tiered.tier = scheme.tier
)

select
    total.basis,
    held.core_customers,
    case when total.margin_total > 0 then held.core_margin_share end as core_margin_share,
    case when total.volume_total > 0 then held.core_volume_share end as core_volume_share
from {{ ref('scope_total') }} as total
cross join held
where total.scope = 'company'
