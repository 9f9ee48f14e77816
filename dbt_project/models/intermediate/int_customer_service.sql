-- One row per customer with a service record opened in 12m.
select
    record.customer_id,
    count(*) as record_count_12m,
    sum(record.cost) as service_cost_12m
from {{ ref('int_service_record') }} as record
cross join {{ ref('stg_night') }} as night
where record.opened_on > night.from_12m
group by record.customer_id
