-- One row per predicted slice and customer: the probability and the level as they were, or would have been, on that day,
-- and what came of it. Slice 0, the evaluated date, holds the dormant too; the closed slices hold who ordered in the 12
-- months before them. The probability is that of the model in force where there is one, else the table's; of a model
-- only the slices that it has not learnt from are held.
with  __dbt__cte__churn_situation as (

-- Fixture for churn_situation
select 
    
    cast(0 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(0 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", cast(null as boolean) as "is_churned"
union all
select 
    
    cast(1 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(0 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(True as boolean)
 as "is_churned"
union all
select 
    
    cast(2 as integer)
 as "slice", cast(null as boolean) as "is_closed", 
    
    cast('a' as text)
 as "customer_id", cast(null as integer) as "days_since_order", cast(null as double precision) as "silence", cast(null as integer) as "order_count", 
    
    cast(0 as double precision)
 as "rhythm", cast(null as double precision) as "trend", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(False as boolean)
 as "is_churned"
),  __dbt__cte__churn_outlook as (

-- Fixture for churn_outlook
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast(0.33 as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.1 as numeric)
 as "probability"
union all
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "silence_band", cast(null as integer) as "orders_band", cast(null as integer) as "rhythm_band", cast(null as integer) as "trend_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast(0.33 as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.75 as numeric)
 as "probability"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast(0.33 as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.1 as numeric)
 as "probability"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast(False as boolean)
 as "is_dormant", 
    
    cast(1 as integer)
 as "silence_band", 
    
    cast(1 as integer)
 as "orders_band", 
    
    cast(1 as integer)
 as "rhythm_band", 
    
    cast(1 as integer)
 as "trend_band", 
    
    cast(0.2 as numeric)
 as "base_rate", 
    
    cast(0.5 as numeric)
 as "high_from", 
    
    cast(0.33 as numeric)
 as "medium_from", 
    
    cast(True as boolean)
 as "is_validated", 
    
    cast(0.1 as numeric)
 as "probability"
),  __dbt__cte__churn_snapshot as (

-- Fixture for churn_snapshot
select 
    
    cast(0 as integer)
 as "slice", cast(null as date) as "snapshot_on", cast(null as boolean) as "is_closed", 
    
    cast('dormant' as text)
 as "customer_id", 
    
    cast(True as boolean)
 as "is_dormant", cast(null as integer) as "days_since_order", cast(null as integer) as "order_count", cast(null as integer) as "gap_count", cast(null as integer) as "gap_days", cast(null as numeric) as "recent_volume", cast(null as numeric) as "usual_volume", cast(null as boolean) as "is_churned"
),  __dbt__cte__churn_slice as (

-- Fixture for churn_slice
select 
    
    cast(0 as integer)
 as "slice", 
    
    cast('2025-06-30' as date)
 as "snapshot_on", 
    
    cast(False as boolean)
 as "is_closed", cast(null as boolean) as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(1 as integer)
 as "slice", 
    
    cast('2025-01-01' as date)
 as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", cast(null as boolean) as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
union all
select 
    
    cast(2 as integer)
 as "slice", 
    
    cast('2024-12-02' as date)
 as "snapshot_on", 
    
    cast(True as boolean)
 as "is_closed", cast(null as boolean) as "is_recorded", cast(null as integer) as "rates_from_slice", cast(null as integer) as "rates_to_slice", cast(null as date) as "history_from", cast(null as date) as "gap_history_from", cast(null as date) as "active_from", cast(null as date) as "recent_from", cast(null as date) as "usual_from", cast(null as date) as "outcome_to"
),  __dbt__cte__stg_night as (

-- Fixture for stg_night
select cast(null as text) as "run_id", cast(null as date) as "as_of_date", cast(null as date) as "from_12m", cast(null as date) as "from_24m", cast(null as date) as "from_36m", cast(null as date) as "from_48m", cast(null as date) as "active_from", cast(null as text) as "source_systems", cast(null as text) as "company_time_zone", cast(null as text) as "reporting_currency", cast(null as integer) as "active_window_months", cast(null as numeric) as "capital_cost_rate", cast(null as text) as "tier_scheme", cast(null as integer) as "churn_horizon_days", cast(null as numeric) as "churn_high_odds", cast(null as numeric) as "churn_medium_odds", cast(null as integer) as "calibration_version", cast(null as integer) as "churn_recorded_slices", 
    
    cast(3 as integer)
 as "churn_model_version"
),  __dbt__cte__control__churn_model_score as (

-- Fixture for churn_model_score
select 
    
    cast('2025-06-30' as date)
 as "snapshot_on", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast(0.5 as double precision)
 as "probability"
union all
select 
    
    cast('2025-01-01' as date)
 as "snapshot_on", 
    
    cast('a' as text)
 as "customer_id", 
    
    cast(0.375 as double precision)
 as "probability"
),  __dbt__cte__churn_rule as (
select 3.0 as unvalidated_high_rhythm, 2.0 as unvalidated_medium_rhythm
), situated as (
    select
        situation.slice,
        situation.customer_id,
        situation.days_since_order,
        situation.rhythm,
        situation.is_churned,
        outlook.is_dormant,
        outlook.base_rate,
        outlook.high_from,
        outlook.medium_from,
        outlook.is_validated,
        outlook.probability
    from __dbt__cte__churn_situation as situation
    inner join __dbt__cte__churn_outlook as outlook
        on
            situation.slice = outlook.slice
            and situation.silence_band = outlook.silence_band
            and situation.orders_band = outlook.orders_band
            and situation.rhythm_band = outlook.rhythm_band
            and situation.trend_band = outlook.trend_band
    union all
    select
        snapshot.slice,
        snapshot.customer_id,
        snapshot.days_since_order,
        null as rhythm,
        snapshot.is_churned,
        outlook.is_dormant,
        outlook.base_rate,
        outlook.high_from,
        outlook.medium_from,
        outlook.is_validated,
        outlook.probability
    from __dbt__cte__churn_snapshot as snapshot
    inner join __dbt__cte__churn_outlook as outlook on snapshot.slice = outlook.slice
    where snapshot.slice = 0 and snapshot.is_dormant and outlook.is_dormant
),

rated as (
    select
        situated.slice,
        slice.snapshot_on,
        slice.is_closed,
        situated.customer_id,
        situated.is_dormant,
        situated.days_since_order,
        situated.rhythm,
        situated.is_churned,
        situated.base_rate,
        situated.high_from,
        situated.medium_from,
        situated.is_validated,
        case
            when situated.is_validated then coalesce(cast(score.probability as numeric), situated.probability)
        end as probability
    from situated
    inner join __dbt__cte__churn_slice as slice on situated.slice = slice.slice
    cross join __dbt__cte__stg_night as night
    left join __dbt__cte__control__churn_model_score as score
        on slice.snapshot_on = score.snapshot_on and situated.customer_id = score.customer_id
    where not slice.is_closed or night.churn_model_version is null or score.customer_id is not null
)

select
    rated.slice,
    rated.snapshot_on,
    rated.is_closed,
    rated.customer_id,
    rated.is_dormant,
    rated.is_validated,
    rated.days_since_order,
    rated.probability,
    rated.base_rate,
    case
        when rated.probability is null and rated.is_dormant then 'high'
        when rated.probability is null and rated.rhythm >= churn_rule.unvalidated_high_rhythm then 'high'
        when rated.probability is null and rated.rhythm >= churn_rule.unvalidated_medium_rhythm then 'medium'
        when rated.probability is null or rated.base_rate = 0 then 'low'
        when round(rated.probability, 20) >= rated.high_from then 'high'
        when round(rated.probability, 20) >= rated.medium_from then 'medium'
        else 'low'
    end as risk_level,
    rated.is_churned
from rated
cross join __dbt__cte__churn_rule as churn_rule