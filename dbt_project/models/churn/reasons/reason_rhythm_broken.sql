-- One row per customer with a line in 12m that is late by its own rhythm.
{{ config(materialized='view') }}

select
    situation.customer_id,
    'late' as clause,
    'late' as sentence,
    cast(situation.rhythm as numeric) as severity,
    jsonb_build_object(
        'rhythm', trim_scale(round(cast(situation.rhythm as numeric), 1)),
        'silent_days', rule.as_of_date - customer.last_line_on,
        'last_order_on', customer.last_line_on
    ) as figures,
    jsonb_build_object() as source_rows
from {{ ref('churn_situation') }} as situation
inner join {{ ref('int_customer_window') }} as customer on situation.customer_id = customer.customer_id
cross join {{ ref('int_reason_rule') }} as rule
where not situation.is_closed and situation.rhythm >= rule.rhythm_at_least
