with __dbt__cte__control__night as (
select
  true as is_current, 'r' as run_id, cast('2025-02-28' as date) as as_of_date,
  cast(array['sales'] as text[]) as source_systems, 'Asia/Shanghai' as company_time_zone,
  'CNY' as reporting_currency, 24 as active_window_months, 0.06 as capital_cost_rate,
  'three_tier' as tier_scheme, 180 as churn_horizon_days, 4 as churn_high_odds, 2 as churn_medium_odds,
  cast(null as integer) as churn_recorded_slices, cast(null as integer) as churn_model_version,
  cast(null as integer) as calibration_version
) -- One row: the night being evaluated, its settings and the lower edges of its windows (themselves outside them).
select
    night.run_id,
    night.as_of_date,
    cast(night.as_of_date - make_interval(months => 12) as date) as from_12m,
    cast(night.as_of_date - make_interval(months => 24) as date) as from_24m,
    cast(night.as_of_date - make_interval(months => 36) as date) as from_36m,
    cast(night.as_of_date - make_interval(months => 48) as date) as from_48m,
    cast(night.as_of_date - make_interval(months => night.active_window_months) as date) as active_from,
    cast(night.source_systems as text) as source_systems,
    night.company_time_zone,
    night.reporting_currency,
    night.active_window_months,
    night.capital_cost_rate,
    night.tier_scheme,
    night.churn_horizon_days,
    night.churn_high_odds,
    night.churn_medium_odds,
    night.churn_recorded_slices,
    night.churn_model_version,
    night.calibration_version
from __dbt__cte__control__night as night
where night.is_current