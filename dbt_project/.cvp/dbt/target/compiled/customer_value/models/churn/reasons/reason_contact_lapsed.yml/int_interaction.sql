select 'half' as customer_id, 'h' || day as interaction_id, cast('2025-06-15' as date) - day as occurred_on
from unnest(cast('{1,100,110,120,130,140,150,160}' as integer[])) as day
union all
select 'more' as customer_id, 'm' || day as interaction_id, cast('2025-06-15' as date) - day as occurred_on
from unnest(cast('{1,100,110,120,130,140,150}' as integer[])) as day