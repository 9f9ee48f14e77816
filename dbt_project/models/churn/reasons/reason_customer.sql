-- One row per flagged customer (level medium or high) and reason that it carries, strongest first.
with shown as (
    select
        signal.customer_id,
        signal.reason_code,
        code.position,
        code.is_fallback,
        min(signal.as_severe_count) as as_severe_count,
        max(signal.strength) as strength
    from {{ ref('reason_signal') }} as signal
    inner join {{ ref('churn_reason_code') }} as code on signal.reason_code = code.reason_code
    inner join {{ ref('churn_customer') }} as churn on signal.customer_id = churn.customer_id
    where churn.churn_risk_level in ('medium', 'high')
    group by signal.customer_id, signal.reason_code, code.position, code.is_fallback
),

-- "none of these": only where no cause shows
fitting as (
    select
        customer_id,
        reason_code,
        position,
        as_severe_count,
        strength,
        is_fallback and not bool_and(is_fallback) over (partition by customer_id) as is_explained
    from shown
),

ranked as (
    select
        customer_id,
        reason_code,
        strength,
        row_number() over (partition by customer_id order by as_severe_count, position) as reason_rank
    from fitting
    where not is_explained
)

select
    ranked.customer_id,
    ranked.reason_code,
    cast(ranked.reason_rank as integer) as reason_rank,
    ranked.strength
from ranked
cross join {{ ref('int_reason_rule') }} as rule
where ranked.reason_rank <= rule.reasons_at_most
