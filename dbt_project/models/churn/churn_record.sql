-- One row per recorded slice and customer whose probability was known then: what was predicted, from slices closed before
-- it, and what came of it.
select
    prediction.slice,
    prediction.snapshot_on,
    prediction.customer_id,
    tiered.tier_group,
    prediction.days_since_order,
    prediction.probability,
    prediction.risk_level,
    prediction.is_churned,
    tiered.margin_12m
from {{ ref('churn_prediction') }} as prediction
inner join {{ ref('churn_tier_group') }} as tiered
    on prediction.slice = tiered.slice and prediction.customer_id = tiered.customer_id
where prediction.is_closed and prediction.probability is not null
