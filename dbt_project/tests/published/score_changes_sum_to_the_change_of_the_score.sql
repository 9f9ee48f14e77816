-- Customers whose rows of score_change do not sum to the change of their value score since the night before; who is not
-- active counts with 0.
with changed as (
    select
        customer_id,
        sum(contribution_change) as contribution_change
    from {{ ref('score_change') }}
    group by customer_id
)

select
    coalesce(after.customer_id, before.customer_id) as customer_id,
    before.value_score as score_before,
    after.value_score as score_after,
    changed.contribution_change
from {{ ref('customer_tier') }} as after
full join {{ source('control', 'previous_night') }} as before on after.customer_id = before.customer_id
left join changed on coalesce(after.customer_id, before.customer_id) = changed.customer_id
where
    exists (select 1 from {{ source('control', 'previous_run') }})
    and abs(
        coalesce(after.value_score, 0) - coalesce(before.value_score, 0) - coalesce(changed.contribution_change, 0)
    ) > 1e-9
