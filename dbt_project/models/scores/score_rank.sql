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
    {%- for circle, rank in {
        'industry': 'segment_rank', 'sales_department': 'department_rank', 'salesperson_id': 'salesperson_rank'
    }.items() %}
        case
            when {{ circle }} is not null
                then cast(row_number() over (
                    partition by {{ circle }} order by value_score desc, {{ bytewise('customer_id') }}
                ) as integer)
        end as {{ rank }}{{ ',' if not loop.last }}
    {%- endfor %}
from scored
