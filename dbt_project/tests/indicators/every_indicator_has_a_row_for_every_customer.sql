-- All indicators hang on the same active customers by left joins: one with another number of rows lost or doubled some.
with counted as (
    select
        indicator_id,
        count(*) as row_count
    from {{ ref('indicator_value') }}
    group by indicator_id
),

most as (
    select max(row_count) as row_count
    from counted
)

select
    counted.indicator_id,
    counted.row_count
from counted
inner join most on counted.row_count <> most.row_count
