-- One row per customer with a line in 12m whose recent volume is well under its usual one.
{{ config(materialized='view') }}

select
    situation.customer_id,
    'less' as clause,
    case when situation.trend = 0 then 'nothing' else 'less' end as sentence,
    -cast(situation.trend as numeric) as severity,
    jsonb_build_object(
        'trend', trim_scale(round(cast(situation.trend as numeric), 4)),
        'window_days', churn_rule.recent_days
    ) as figures,
    jsonb_build_object() as source_rows
from {{ ref('churn_situation') }} as situation
inner join {{ ref('int_customer_window') }} as customer on situation.customer_id = customer.customer_id
cross join {{ ref('int_reason_rule') }} as rule
cross join {{ ref('churn_rule') }} as churn_rule
where not situation.is_closed and situation.trend < rule.trend_below
