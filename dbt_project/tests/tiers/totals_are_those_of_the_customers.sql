-- The scopes whose totals, which shares are taken of, are not exactly the sum over their customers.
with summed as (
    select
        scope,
        scope_id,
        sum(margin) as margin,
        sum(volume) as volume
    from {{ ref('scope_share') }}
    group by scope, scope_id
)

select
    total.scope,
    total.scope_id,
    total.margin_total,
    total.volume_total
from {{ ref('scope_total') }} as total
left join summed on total.scope = summed.scope and total.scope_id = summed.scope_id
where total.margin_total != coalesce(summed.margin, 0) or total.volume_total != coalesce(summed.volume, 0)
