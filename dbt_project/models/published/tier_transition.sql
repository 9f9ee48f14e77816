-- One row per tier of the night before (`new` where there is none) and tier of this night: who moved, and their margin.
select
    as_of_date,
    coalesce(previous_tier, 'new') as from_tier,
    tier as to_tier,
    count(*) as customers,
    cast(coalesce(sum(gross_margin_12m), 0) as numeric(38, 18)) as gross_margin_12m
from {{ ref('customer_tier') }}
group by as_of_date, coalesce(previous_tier, 'new'), tier
