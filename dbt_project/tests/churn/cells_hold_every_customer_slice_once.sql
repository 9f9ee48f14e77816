-- Grains of cells that together do not hold exactly the customer-slices (seen, churned) of the coarsest one.
with base as (
    select
        for_slice,
        seen,
        churned
    from {{ ref('churn_rate') }}
    where grain = 'base'
)

select
    cell.for_slice,
    cell.grain,
    sum(cell.seen) as seen,
    sum(cell.churned) as churned
from {{ ref('churn_rate') }} as cell
inner join base on cell.for_slice = base.for_slice
where cell.grain != 'dormant'
group by cell.for_slice, cell.grain, base.seen, base.churned
having sum(cell.seen) != base.seen or sum(cell.churned) != base.churned
