-- One row per slice and customer with a line in the 12 months before it: its features and their bands (0 lowest).
-- A cut belongs to the band above it, so quotients that reach a cut exactly must compare equal: silence and trend
-- are numeric quotients, which terminate there; the rhythm rests on a median and is rounded to 12 decimals.
with seen as (
    select
        slice,
        is_closed,
        customer_id,
        days_since_order,
        order_count,
        gap_count,
        gap_days,
        recent_volume,
        usual_volume,
        is_churned
    from {{ ref('churn_snapshot') }}
    where not is_dormant
),

company_gap as (
    select
        slice,
        percentile_cont(0.5) within group (order by cast(gap_days as double precision) / gap_count) as median_gap_days
    from seen
    where gap_count > 0
    group by slice
),

featured as (
    select
        seen.slice,
        seen.is_closed,
        seen.customer_id,
        seen.order_count,
        seen.is_churned,
        {{ safe_ratio('seen.days_since_order', 'night.churn_horizon_days') }} as silence,
        trim_scale(round({{ safe_ratio(
            'seen.days_since_order * (seen.gap_count + churn_rule.gap_prior_count)',
            'seen.gap_days + churn_rule.gap_prior_count'
            ~ ' * cast(coalesce(company_gap.median_gap_days, night.churn_horizon_days) as numeric)'
        ) }}, 12)) as rhythm,
        coalesce({{ safe_ratio(
            'seen.recent_volume * churn_rule.usual_days', 'seen.usual_volume * churn_rule.recent_days'
        ) }}, 0) as trend
    from seen
    cross join {{ ref('stg_night') }} as night
    cross join {{ ref('churn_rule') }} as churn_rule
    left join company_gap on seen.slice = company_gap.slice
)

select
    featured.slice,
    featured.is_closed,
    featured.customer_id,
    featured.silence,
    featured.order_count,
    featured.rhythm,
    featured.trend,
    {{ last_at_or_before('featured.silence', 'churn_rule.silence_cuts') }} as silence_band,
    {{ last_at_or_before('cast(featured.order_count as numeric)', 'churn_rule.orders_cuts') }} as orders_band,
    {{ last_at_or_before('featured.rhythm', 'churn_rule.rhythm_cuts') }} as rhythm_band,
    -- no volume at all is a band of its own, below the lowest
    case
        when featured.trend = 0 then -1
        else {{ last_at_or_before('featured.trend', 'churn_rule.trend_cuts') }}
    end as trend_band,
    featured.is_churned
from featured
cross join {{ ref('churn_rule') }} as churn_rule
