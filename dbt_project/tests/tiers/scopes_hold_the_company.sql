-- The scopes that together do not hold exactly those customers of the company who belong to one.
with counted as (
    select
        'department' as scope,
        count(*) as customers
    from {{ ref('scope_share') }} as shared
    inner join {{ ref('scope_member') }} as member
        on shared.customer_id = member.customer_id and member.scope = 'department'
    where shared.scope = 'company'
    union all
    select
        'salesperson' as scope,
        count(*) as customers
    from {{ ref('scope_share') }} as shared
    inner join {{ ref('scope_member') }} as member
        on shared.customer_id = member.customer_id and member.scope = 'salesperson'
    where shared.scope = 'company'
),

held as (
    select
        scope,
        count(*) as customers
    from {{ ref('scope_place') }}
    group by scope
)

select
    counted.scope,
    counted.customers,
    held.customers as customers_placed
from counted
left join held on counted.scope = held.scope
where counted.customers != coalesce(held.customers, 0)
