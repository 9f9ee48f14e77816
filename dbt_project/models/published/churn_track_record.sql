-- One row per risk level and tier group: how the predictions of the closed slices, each made from slices closed before it,
-- came out. Empty groups are there with counts of 0.
with cell as (
    select
        levelled.risk_level,
        grouped.tier_group
    from (values ('high'), ('medium'), ('low'), ('all')) as levelled (risk_level)
    cross join (values ('all'), ('core'), ('important')) as grouped (tier_group)
),

recorded as (
    select count(distinct slice) as slices
    from {{ ref('churn_record') }}
),

counted as (
    select
        cell.risk_level,
        cell.tier_group,
        coalesce(level.flagged, 0) as flagged,
        coalesce(level.churned, 0) as churned,
        coalesce(level.flagged_customers, 0) as flagged_customers,
        coalesce(level.churned_customers, 0) as churned_customers,
        coalesce(case when cell.risk_level = 'all' then level.lost_margin_flagged else level.lost_margin end, 0)
            as lost_margin_flagged,
        every_level.lost_margin,
        cast({{ safe_ratio('level.churned', 'level.flagged') }} as double precision) as churn_rate,
        cast({{ safe_ratio('churn_rule.interval_deviations ^ 2', 'level.flagged') }} as double precision) as spread
    from cell
    cross join {{ ref('churn_rule') }} as churn_rule
    left join {{ ref('churn_record_level') }} as level
        on cell.tier_group = level.tier_group and cell.risk_level = level.risk_level
    left join {{ ref('churn_record_level') }} as every_level
        on cell.tier_group = every_level.tier_group and every_level.risk_level = 'all'
),

-- Wilson's interval: spread is z squared / n
bounded as (
    select
        risk_level,
        tier_group,
        (churn_rate + spread / 2) / (1 + spread) as middle,
        sqrt(spread * (churn_rate * (1 - churn_rate) + spread / 4)) / (1 + spread) as half_width
    from counted
)

select
    night.as_of_date,
    counted.risk_level,
    counted.tier_group,
    coalesce(cast(night.churn_model_version as text), 'cells') as churn_model_version,
    recorded.slices,
    cast(counted.flagged as bigint) as flagged,
    cast(counted.churned as bigint) as churned,
    counted.churn_rate,
    case when counted.flagged > 0 then greatest(bounded.middle - bounded.half_width, 0) end as churn_rate_low,
    case when counted.flagged > 0 then least(bounded.middle + bounded.half_width, 1) end as churn_rate_high,
    {% for column, score in {'auc': 'by_probability.auc', 'auc_recency': 'by_recency.auc',
        'lift_top_10': 'by_probability.lift_top_10', 'calibration_error': 'by_probability.calibration_error'}.items() %}
        case when counted.risk_level = 'all' then cast({{ score }} as double precision) end as {{ column }},
    {% endfor %}
    cast({{ safe_ratio('counted.lost_margin_flagged', 'counted.lost_margin') }} as double precision)
        as lost_margin_flagged_share,
    counted.flagged_customers,
    counted.churned_customers
from counted
cross join {{ ref('stg_night') }} as night
cross join recorded
inner join bounded on counted.risk_level = bounded.risk_level and counted.tier_group = bounded.tier_group
left join {{ ref('churn_record_group') }} as by_probability
    on counted.tier_group = by_probability.tier_group and by_probability.score = 'probability'
left join {{ ref('churn_record_group') }} as by_recency
    on counted.tier_group = by_recency.tier_group and by_recency.score = 'recency'
