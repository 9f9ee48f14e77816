
  
    

  create  table "big"."candidates"."churn_track_record__dbt_tmp"
  
  
    
  
  (
    as_of_date date not null,
    risk_level text not null,
    tier_group text not null,
    churn_model_version text not null,
    slices bigint not null,
    flagged bigint not null,
    churned bigint not null,
    churn_rate double precision,
    churn_rate_low double precision,
    churn_rate_high double precision,
    auc double precision,
    auc_recency double precision,
    lift_top_10 double precision,
    calibration_error double precision,
    lost_margin_flagged_share double precision,
    flagged_customers bigint not null,
    churned_customers bigint not null
    
    )
 ;
    insert into "big"."candidates"."churn_track_record__dbt_tmp" (
      as_of_date, risk_level, tier_group, churn_model_version, slices, flagged, churned, churn_rate, churn_rate_low, churn_rate_high, auc, auc_recency, lift_top_10, calibration_error, lost_margin_flagged_share, flagged_customers, churned_customers
    )
  
  (
    
    select as_of_date, risk_level, tier_group, churn_model_version, slices, flagged, churned, churn_rate, churn_rate_low, churn_rate_high, auc, auc_recency, lift_top_10, calibration_error, lost_margin_flagged_share, flagged_customers, churned_customers
    from (
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
    from "big"."churn"."churn_record"
),

counted as (
    select
        cell.risk_level,
        cell.tier_group,
        coalesce(level.flagged, 0) as flagged,
        coalesce(level.churned, 0) as churned,
        coalesce(level.flagged_customers, 0) as flagged_customers,
        coalesce(level.churned_customers, 0) as churned_customers,
        case when cell.risk_level = 'all' then level.lost_margin_flagged else level.lost_margin end
            as lost_margin_flagged,
        every_level.lost_margin,
        cast(trim_scale((level.churned) * 1.000000000000000000000000000000 / nullif(level.flagged, 0)) as double precision) as churn_rate,
        cast(trim_scale((churn_rule.interval_deviations ^ 2) * 1.000000000000000000000000000000 / nullif(level.flagged, 0)) as double precision) as spread
    from cell
    cross join "big"."slices"."churn_rule" as churn_rule
    left join "big"."churn"."churn_record_level" as level
        on cell.tier_group = level.tier_group and cell.risk_level = level.risk_level
    left join "big"."churn"."churn_record_level" as every_level
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
    greatest(bounded.middle - bounded.half_width, 0) as churn_rate_low,
    least(bounded.middle + bounded.half_width, 1) as churn_rate_high,
    
        case when counted.risk_level = 'all' then cast(by_probability.auc as double precision) end as auc,
    
        case when counted.risk_level = 'all' then cast(by_recency.auc as double precision) end as auc_recency,
    
        case when counted.risk_level = 'all' then cast(by_probability.lift_top_10 as double precision) end as lift_top_10,
    
        case when counted.risk_level = 'all' then cast(by_probability.calibration_error as double precision) end as calibration_error,
    
    cast(trim_scale((counted.lost_margin_flagged) * 1.000000000000000000000000000000 / nullif(counted.lost_margin, 0)) as double precision)
        as lost_margin_flagged_share,
    counted.flagged_customers,
    counted.churned_customers
from counted
cross join "big"."staging"."stg_night" as night
cross join recorded
inner join bounded on counted.risk_level = bounded.risk_level and counted.tier_group = bounded.tier_group
left join "big"."churn"."churn_record_group" as by_probability
    on counted.tier_group = by_probability.tier_group and by_probability.score = 'probability'
left join "big"."churn"."churn_record_group" as by_recency
    on counted.tier_group = by_recency.tier_group and by_recency.score = 'recency'
    ) as model_subq
  );
  