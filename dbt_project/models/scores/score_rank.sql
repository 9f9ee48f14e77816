-- One row per active customer: its place by value score, 1 best, in the company and in each circle that it belongs to.
with scored as (
    select
        score.customer_id,
        customer.industry,
        customer.sales_department,
        customer.salesperson_id,
        round(cast(score.value_score as numeric), 9) as value_score
    from {{ ref('score_customer') }} as score
    inner join {{ ref('int_customer') }} as customer on score.customer_id = customer.customer_id
)

select
    customer_id,
    cast(row_number() over (order by value_score desc, {{ bytewise('customer_id') }}) as integer) as company_rank,
    case when industry is not null then cast(row_number() over by_industry as integer) end as segment_rank,
    case when sales_department is not null then cast(row_number() over by_department as integer) end as department_rank,
    case when salesperson_id is not null then cast(row_number() over by_salesperson as integer) end as salesperson_rank
from scored
window
    by_industry as (partition by industry order by value_score desc, {{ bytewise('customer_id') }}),
    by_department as (partition by sales_department order by value_score desc, {{ bytewise('customer_id') }}),
    by_salesperson as (partition by salesperson_id order by value_score desc, {{ bytewise('customer_id') }})
