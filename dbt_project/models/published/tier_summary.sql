-- One row per scope (the company, a sales department, a salesperson's book) and tier: the pyramid, empty ones too.
with scheme as (
    select
        scheme.tier,
        scheme.position,
        max(scheme.position) over () as lowest_position
    from {{ ref('tier_scheme') }} as scheme
    inner join {{ ref('stg_night') }} as night on scheme.scheme = night.tier_scheme
),

scoped as (
    select
        member.scope,
        member.scope_id,
        customer.customer_id,
        customer.tier,
        customer.is_active,
        customer.value_score,
        customer.revenue_12m,
        customer.gross_margin_12m,
        customer.volume_12m,
        -- the published shares are rounded, and a small scope's sum of them is not what a share of it may rest on
        tiered.margin_share,
        tiered.volume_share,
        customer.churn_risk_level
    from {{ ref('scope_member') }} as member
    inner join {{ ref('customer_tier') }} as customer on member.customer_id = customer.customer_id
    inner join {{ ref('tier_customer') }} as tiered on member.customer_id = tiered.customer_id
),

-- the same scopes by the tiers that each makes of its own customers
by_own_tier as (
    select
        member.scope,
        member.scope_id,
        scheme.position,
        count(*) as customers,
        sum(shared.margin_share) as margin_share,
        sum(shared.volume_share) as volume_share
    from {{ ref('scope_member') }} as member
    left join {{ ref('scope_place') }} as place
        on
            member.scope = place.scope
            and member.scope_id = place.scope_id
            and member.customer_id = place.customer_id
    left join {{ ref('scope_share') }} as shared
        on
            member.scope = shared.scope
            and member.scope_id = shared.scope_id
            and member.customer_id = shared.customer_id
    inner join scheme on coalesce(place.computed_position, scheme.lowest_position) = scheme.position
    group by member.scope, member.scope_id, scheme.position
),

pyramid as (
    select
        total.scope,
        total.scope_id,
        scheme.tier,
        scheme.position
    from {{ ref('scope_total') }} as total
    cross join scheme
),

summed as (
    select
        pyramid.scope,
        pyramid.scope_id,
        pyramid.tier,
        pyramid.position,
        count(scoped.customer_id) as customers,
        count(scoped.customer_id) filter (where scoped.is_active) as active_customers,
        coalesce(sum(scoped.revenue_12m), 0) as revenue_12m,
        coalesce(sum(scoped.gross_margin_12m), 0) as gross_margin_12m,
        coalesce(sum(scoped.volume_12m), 0) as volume_12m,
        coalesce(sum(scoped.margin_share), 0) as margin_share,
        coalesce(sum(scoped.volume_share), 0) as volume_share,
        avg(cast(scoped.value_score as numeric)) as mean_value_score,
        count(scoped.customer_id) filter (where scoped.churn_risk_level = 'high') as customers_at_high_risk
    from pyramid
    left join scoped
        on pyramid.scope = scoped.scope and pyramid.scope_id = scoped.scope_id and pyramid.tier = scoped.tier
    group by pyramid.scope, pyramid.scope_id, pyramid.tier, pyramid.position
)

select
    night.as_of_date,
    summed.scope,
    summed.scope_id,
    summed.tier,
    summed.position as tier_position,
    summed.customers,
    summed.active_customers,
    cast(summed.revenue_12m as numeric(38, 18)) as revenue_12m,
    cast(summed.gross_margin_12m as numeric(38, 18)) as gross_margin_12m,
    cast(summed.volume_12m as numeric(38, 18)) as volume_12m,
    {% for measure in ['revenue_12m', 'margin_share', 'volume_share'] %}
        cast(
            {{ safe_ratio('summed.' ~ measure, 'sum(summed.' ~ measure ~ ') over scope_total') }} as numeric(38, 18)
        ) as {{ measure | replace('_12m', '_share') }},
    {% endfor %}
    cast(summed.mean_value_score as double precision) as mean_value_score,
    summed.customers_at_high_risk,
    coalesce(by_own_tier.customers, 0) as customers_by_own_tier,
    cast(by_own_tier.margin_share as numeric(38, 18)) as margin_share_by_own_tier,
    cast(by_own_tier.volume_share as numeric(38, 18)) as volume_share_by_own_tier
from summed
cross join {{ ref('stg_night') }} as night
left join by_own_tier
    on
        summed.scope = by_own_tier.scope
        and summed.scope_id = by_own_tier.scope_id
        and summed.position = by_own_tier.position
window scope_total as (partition by summed.scope, summed.scope_id)
