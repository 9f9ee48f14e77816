-- One row per tier group and level (`all`: every level) that was predicted: customer-slices and customers flagged so, how
-- many of them churned, and the margin that went with those.
with customer as (
    select
        grouped.tier_group,
        levelled.risk_level,
        record.customer_id,
        count(*) as flagged,
        count(*) filter (where record.is_churned) as churned,
        sum(record.margin_12m) filter (where record.is_churned) as lost_margin,
        sum(record.margin_12m) filter (where record.is_churned and record.risk_level != 'low') as lost_margin_flagged
    from {{ ref('churn_record') }} as record
    cross join lateral (values ('all'), (record.tier_group)) as grouped (tier_group)
    cross join lateral (values ('all'), (record.risk_level)) as levelled (risk_level)
    where grouped.tier_group in ('all', 'core', 'important')
    group by grouped.tier_group, levelled.risk_level, record.customer_id
)

select
    tier_group,
    risk_level,
    sum(flagged) as flagged,
    sum(churned) as churned,
    count(*) as flagged_customers,
    count(*) filter (where churned > 0) as churned_customers,
    coalesce(sum(lost_margin), 0) as lost_margin,
    coalesce(sum(lost_margin_flagged), 0) as lost_margin_flagged
from customer
group by tier_group, risk_level
