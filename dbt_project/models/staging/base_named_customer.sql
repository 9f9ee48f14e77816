-- One row per fact up to the evaluated day that names a customer, and customer so named; the master data may not hold it.
with night as (
    select as_of_date from {{ ref('stg_night') }}
),

named as (
    {% for entity, named_column, dated_by in [
        ('sales_order', 'customer_id', 'ordered_on'),
        ('invoice', 'customer_id', 'issued_on'),
        ('service_record', 'customer_id', 'opened_on'),
        ('survey_response', 'customer_id', 'surveyed_on'),
        ('interaction', 'customer_id', 'occurred_on'),
        ('account_assignment', 'customer_id', 'valid_from_on'),
        ('contract', 'customer_id', 'starts_on'),
        ('collaboration', 'customer_id', 'started_on'),
        ('collaboration', 'referred_customer_id', 'started_on'),
    ] -%}
        select fact.{{ named_column }} as customer_id -- noqa: AL09
        from {{ ref('stg_' ~ entity) }} as fact
        cross join night
        where fact.{{ dated_by }} <= night.as_of_date
        union all
    {% endfor -%}
    select customer_id from {{ ref('stg_demand_estimate') }}
)

select customer_id
from named
where customer_id is not null
