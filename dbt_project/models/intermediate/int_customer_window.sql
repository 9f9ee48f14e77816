-- One row per active customer: what it bought in each window; the population of every indicator.
select
    customer_id,
    first_line_on,
    last_line_on,
    is_first_line_in_12m,
    years_observed,
    line_count_12m,
    volume_12m,
    revenue_12m,
    margin_12m,
    cost_coverage_12m,
    premium_revenue_12m,
    new_product_revenue_12m,
    volume_prior_12m,
    revenue_prior_12m,
    margin_prior_12m,
    volume_48m,
    revenue_48m,
    margin_48m
from {{ ref('int_customer_sales') }}
where is_active
