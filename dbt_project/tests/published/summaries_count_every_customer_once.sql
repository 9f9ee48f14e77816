-- The company's pyramid and the transitions, where they do not count every customer exactly once.
with customer as (
    select count(*) as customers
    from {{ ref('customer_tier') }}
),

summary as (
    select coalesce(sum(customers), 0) as customers
    from {{ ref('tier_summary') }}
    where scope = 'company'
),

transition as (
    select coalesce(sum(customers), 0) as customers
    from {{ ref('tier_transition') }}
)

select
    customer.customers,
    summary.customers as in_summary,
    transition.customers as in_transitions
from customer
cross join summary
cross join transition
where customer.customers != summary.customers or customer.customers != transition.customers
