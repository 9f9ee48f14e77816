-- All indicators hang on the same active customers by left joins: one with another number of rows lost or doubled some.
with counted as (
    select
        indicator_id,
        count(*) as row_count
    from {{ ref('indicator_value') }}
    group by indicator_id
)

select
    indicator_id,
    row_count
from counted
where row_count <> (select max(row_count) from counted)
