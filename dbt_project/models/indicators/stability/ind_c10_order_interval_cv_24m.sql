-- One row per active customer: how unevenly its order dates in 24m follow each other.
{%- set indicator = {
    'id': 'C10', 'name': 'order_interval_cv_24m',
    'name_en': 'Variation of order intervals, 24 months', 'name_zh': '近24个月订货间隔变异系数',
    'dimension': 'current', 'group': 'stability', 'unit': 'ratio',
    'better': 'lower', 'scale': 'linear',
    'formula': 'sample standard deviation / mean of the gaps in days between successive distinct dates of ' ~
        'lines in 24m',
} -%}
{{ config(meta={'indicator': indicator}) }}

with gap as (
    select
        bought.customer_id,
        bought.ordered_on - lag(bought.ordered_on) over (
            partition by bought.customer_id order by bought.ordered_on
        ) as gap_days
    from {{ ref('int_customer_order_day') }} as bought
    cross join {{ ref('stg_night') }} as night
    where bought.ordered_on > night.from_24m
),

spread as (
    select
        customer_id,
        stddev_samp(gap_days) as gap_deviation,
        avg(gap_days) as gap_mean
    from gap
    group by customer_id
    having count(gap_days) >= 2
)

select
    customer.customer_id,
    {{ safe_ratio('spread.gap_deviation', 'spread.gap_mean') }} as value
from {{ ref('int_customer_window') }} as customer
left join spread on customer.customer_id = spread.customer_id
