select
  true as is_current, 'r' as run_id, cast('2024-02-29' as date) as as_of_date,
  cast(array['sales'] as text[]) as source_systems, 'Asia/Shanghai' as company_time_zone,
  'CNY' as reporting_currency, 6 as active_window_months, 0.06 as capital_cost_rate,
  'three_tier' as tier_scheme, 180 as churn_horizon_days, 4 as churn_high_odds, 2 as churn_medium_odds,
  cast(null as integer) as churn_recorded_slices, cast(null as integer) as churn_model_version,
  cast(null as integer) as calibration_version