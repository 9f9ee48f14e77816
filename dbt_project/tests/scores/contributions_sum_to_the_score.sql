-- Active customers whose contributions do not sum to their value score, or whose effective weights do not sum to 1.
with summed as (
    select
        customer_id,
        sum(contribution) as contribution,
        sum(effective_weight) as effective_weight
    from {{ ref('score_indicator') }}
    group by customer_id
)

select
    score.customer_id,
    score.value_score,
    summed.contribution,
    summed.effective_weight
from {{ ref('score_customer') }} as score
full join summed on score.customer_id = summed.customer_id
where
    score.customer_id is null
    or summed.customer_id is null
    or abs(summed.contribution - score.value_score) > 1e-9
    or abs(summed.effective_weight - 1) > 1e-9
