
  
    

  create  table "big"."slices"."churn_situation__dbt_tmp"
  
  
    as
  
  (
    -- One row per slice and customer with a line in the 12 months before it: its features and their bands (0 lowest).
-- A cut belongs to the band above it, so quotients that reach a cut exactly must compare equal: they are doubles, rounded
-- to 12 decimals (a third of the time of numeric quotients over the slices of 100,000 customers).
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
    from "big"."slices"."churn_snapshot"
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

quotient as (
    select
        seen.slice,
        seen.is_closed,
        seen.customer_id,
        seen.days_since_order,
        seen.order_count,
        seen.is_churned,
        cast(seen.days_since_order as double precision) / night.churn_horizon_days as silence,
        seen.days_since_order * cast(seen.gap_count + churn_rule.gap_prior_count as double precision)
        / (
            seen.gap_days + cast(churn_rule.gap_prior_count as double precision)
            * coalesce(company_gap.median_gap_days, night.churn_horizon_days)
        ) as rhythm,
        case
            when seen.recent_volume = 0 then 0
            else
                cast(seen.recent_volume * churn_rule.usual_days as double precision)
                / cast(seen.usual_volume * churn_rule.recent_days as double precision)
        end as trend
    from seen
    cross join "big"."staging"."stg_night" as night
    cross join "big"."slices"."churn_rule" as churn_rule
    left join company_gap on seen.slice = company_gap.slice
),

featured as (
    select
        slice,
        is_closed,
        customer_id,
        days_since_order,
        order_count,
        is_churned,
        trend = 0 as is_without_volume,
        
            floor(silence * 1e12 + 0.5) / 1e12 as silence,
        
            floor(rhythm * 1e12 + 0.5) / 1e12 as rhythm,
        
            floor(trend * 1e12 + 0.5) / 1e12 as trend
        
    from quotient
)

select
    featured.slice,
    featured.is_closed,
    featured.customer_id,
    featured.days_since_order,
    featured.silence,
    featured.order_count,
    featured.rhythm,
    featured.trend,
    width_bucket(featured.silence, churn_rule.silence_cuts) as silence_band,
    width_bucket(cast(featured.order_count as double precision), churn_rule.orders_cuts) as orders_band,
    width_bucket(featured.rhythm, churn_rule.rhythm_cuts) as rhythm_band,
    -- no volume at all is a band of its own, below the lowest
    case
        when featured.is_without_volume then -1
        else width_bucket(featured.trend, churn_rule.trend_cuts)
    end as trend_band,
    featured.is_churned
from featured
cross join "big"."slices"."churn_rule" as churn_rule
  );
  