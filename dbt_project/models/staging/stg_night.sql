-- One row: the night being evaluated, its settings and the lower edges of its windows (themselves outside them).
select
    night.run_id,
    night.as_of_date,
    {{ months_before('night.as_of_date', 12) }} as from_12m,
    {{ months_before('night.as_of_date', 24) }} as from_24m,
    {{ months_before('night.as_of_date', 36) }} as from_36m,
    {{ months_before('night.as_of_date', 48) }} as from_48m,
    {{ months_before('night.as_of_date', 'night.active_window_months') }} as active_from,
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
    night.calibration_version,
    night.indicator_formulas
from {{ source('control', 'night') }} as night
where night.is_current
