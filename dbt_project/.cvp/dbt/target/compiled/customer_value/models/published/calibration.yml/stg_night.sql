
-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", 
    
    cast('Asia/Shanghai' as text)
 as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", cast(null as integer) as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", cast(null as integer) as "churn_model_version"