select 1 as slice, 'c' || number as customer_id, 7 as volume_12m, 3.33 as margin_12m
from generate_series(0, 9) as numbered (number)
union all
select 2, 'large', 80, null union all select 2, 'small', 20, null