-- The totals that shares are taken of, where they are not exactly the sum over the customers.
with summed as (
    select
        coalesce(sum(margin), 0) as margin,
        coalesce(sum(volume), 0) as volume
    from {{ ref('tier_share') }}
)

select
    total.margin_total,
    total.volume_total
from {{ ref('tier_total') }} as total
cross join summed
where total.margin_total != summed.margin or total.volume_total != summed.volume
