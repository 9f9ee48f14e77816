-- One row per tier group and kind of score (the probability, the days since the last order): how well it ranked and, of
-- the probability, how well it was calibrated, over all recorded slices together. Equal scores share their places.
with  __dbt__cte__churn_record as (

-- Fixture for churn_record
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", 
    
    cast('general' as text)
 as "tier_group", 
    
    cast(1 as integer)
 as "days_since_order", 
    
    cast(1 as numeric)
 as "probability", cast(null as text) as "risk_level", 
    
    cast(False as boolean)
 as "is_churned", cast(null as numeric) as "margin_12m"
union all
select cast(null as integer) as "slice", cast(null as date) as "snapshot_on", cast(null as text) as "customer_id", 
    
    cast('general' as text)
 as "tier_group", 
    
    cast(2 as integer)
 as "days_since_order", 
    
    cast(0 as numeric)
 as "probability", cast(null as text) as "risk_level", 
    
    cast(False as boolean)
 as "is_churned", cast(null as numeric) as "margin_12m"
),  __dbt__cte__churn_rule as (
select 0.5 as lift_share, 10.0 as calibration_bins
), valued as (
    select
        grouped.tier_group,
        scored.score,
        scored.value,
        count(*) as seen,
        count(*) filter (where record.is_churned) as churned
    from __dbt__cte__churn_record as record
    cross join lateral (values ('all'), (record.tier_group)) as grouped (tier_group)
    cross join
        lateral (
            values ('probability', record.probability), ('recency', cast(record.days_since_order as numeric))
        ) as scored (score, value)
    where grouped.tier_group in ('all', 'core', 'important')
    group by grouped.tier_group, scored.score, scored.value
),

ranked as (
    select
        tier_group,
        score,
        value,
        seen,
        churned,
        sum(seen) over whole as all_seen,
        sum(churned) over whole as all_churned,
        -- who stayed with a lower score, and half of those with the same
        sum(seen - churned) over rising - (seen - churned) / 2.0 as stayed_below,
        sum(seen) over rising as seen_up_to
    from valued
    window
        whole as (partition by tier_group, score),
        rising as (partition by tier_group, score order by value rows unbounded preceding)
),

-- of equal scores at the edge of the top tenth that part counts which completes it
topped as (
    select
        ranked.tier_group,
        ranked.score,
        ranked.value,
        ranked.seen,
        ranked.churned,
        ranked.stayed_below,
        ranked.all_seen,
        ranked.all_churned,
        churn_rule.lift_share * ranked.all_seen as top_seen,
        greatest(
            least(ranked.seen, churn_rule.lift_share * ranked.all_seen - (ranked.all_seen - ranked.seen_up_to)), 0
        ) as seen_in_top,
        least(floor(ranked.value * churn_rule.calibration_bins), churn_rule.calibration_bins - 1) as calibration_bin
    from ranked
    cross join __dbt__cte__churn_rule as churn_rule
),

calibrated as (
    select
        tier_group,
        trim_scale((sum(misjudged)) * 1.000000000000000000000000000000 / nullif(max(all_seen), 0)) as calibration_error
    from (
        select
            tier_group,
            max(all_seen) as all_seen,
            abs(sum(value * seen) - sum(churned)) as misjudged
        from topped
        where score = 'probability'
        group by tier_group, calibration_bin
    ) as binned
    group by tier_group
)

select
    topped.tier_group,
    topped.score,
    trim_scale((sum(topped.churned * topped.stayed_below)) * 1.000000000000000000000000000000 / nullif(max(topped.all_churned) * (max(topped.all_seen) - max(topped.all_churned)), 0)) as auc,
    trim_scale((sum(topped.churned * topped.seen_in_top / topped.seen) * max(topped.all_seen)) * 1.000000000000000000000000000000 / nullif(max(topped.top_seen) * max(topped.all_churned), 0)) as lift_top_10,
    case when topped.score = 'probability' then max(calibrated.calibration_error) end as calibration_error
from topped
left join calibrated on topped.tier_group = calibrated.tier_group
group by topped.tier_group, topped.score