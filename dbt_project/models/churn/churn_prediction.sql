-- One row per predicted slice and customer: the probability and the level as they were, or would have been, on that day,
-- and what came of it. Slice 0, the evaluated date, holds the dormant too; the closed slices hold who ordered in the 12
-- months before them. The probability is that of the model in force where there is one, else the table's; of a model
-- only the slices that it has not learnt from are held.
with situated as (
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
    from {{ ref('churn_situation') }} as situation
    inner join {{ ref('churn_outlook') }} as outlook
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
    from {{ ref('churn_snapshot') }} as snapshot
    inner join {{ ref('churn_outlook') }} as outlook on snapshot.slice = outlook.slice
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
    inner join {{ ref('churn_slice') }} as slice on situated.slice = slice.slice
    cross join {{ ref('stg_night') }} as night
    left join {{ source('control', 'churn_model_score') }} as score
        on
            slice.snapshot_on = score.snapshot_on
            and situated.customer_id = score.customer_id
            and night.churn_model_version is not null
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
cross join {{ ref('churn_rule') }} as churn_rule
