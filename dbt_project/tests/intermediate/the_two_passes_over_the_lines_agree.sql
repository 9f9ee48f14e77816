-- Customers' days and salespeople's books are summed in passes of their own: lines and revenue of 12m must be the same.
with by_day as (
    select
        sum(line_count_12m) as line_count,
        sum(revenue_12m) as revenue
    from {{ ref('int_customer_sales') }}
),

by_salesperson as (
    select
        sum(line_count_12m) as line_count,
        sum(revenue_12m) as revenue
    from {{ ref('int_customer_salesperson') }}
)

select
    by_day.line_count,
    by_salesperson.line_count as salesperson_line_count,
    by_day.revenue,
    by_salesperson.revenue as salesperson_revenue
from by_day
cross join by_salesperson
where
    coalesce(by_day.line_count, 0) <> coalesce(by_salesperson.line_count, 0)
    or coalesce(by_day.revenue, 0) <> coalesce(by_salesperson.revenue, 0)
