-- One row per customer, inferred ones included: its master data, whether it is active and who looks after it.
with manager as (
    select
        assignment.customer_id,
        assignment.account_manager_id,
        row_number() over (partition by assignment.customer_id order by assignment.valid_from_on desc) as position
    from {{ ref('int_account_assignment') }} as assignment
    cross join {{ ref('stg_night') }} as night
    where coalesce(assignment.valid_to_on, night.as_of_date) >= night.as_of_date
),

salesperson as (
    select
        customer_id,
        salesperson_id,
        row_number() over (
            partition by customer_id order by revenue_12m desc, {{ bytewise('salesperson_id') }}
        ) as position
    from {{ ref('int_customer_salesperson') }}
    where salesperson_id is not null and line_count_12m > 0
)

select
    customer.customer_id,
    customer.customer_name,
    customer.industry,
    customer.region,
    customer.sales_department,
    customer.customer_since_on,
    customer.is_inferred,
    coalesce(sales.is_active, false) as is_active,
    sales.first_line_on,
    sales.last_line_on,
    manager.account_manager_id,
    salesperson.salesperson_id
from {{ ref('stg_customer') }} as customer
left join {{ ref('int_customer_sales') }} as sales on customer.customer_id = sales.customer_id
left join manager on customer.customer_id = manager.customer_id and manager.position = 1
left join salesperson on customer.customer_id = salesperson.customer_id and salesperson.position = 1
