-- Levels of cells that together do not hold exactly the customer-slices (seen, churned) of the level above them.
select
    level,
    sum(seen) as seen,
    sum(churned) as churned
from {{ ref('churn_rate') }}
where level != 'dormant'
group by level
having
    sum(seen) != (select min(base.seen) from {{ ref('churn_rate') }} as base where base.level = 'base')
    or sum(churned) != (select min(base.churned) from {{ ref('churn_rate') }} as base where base.level = 'base')
